/* The machines that the stand-ins of NVIDIA's libraries play; one of these names is defined when they are built. */
struct gpu
{
    const char *name;
    unsigned bus;              /* PCI */
    unsigned long long gib;    /* memory */
    int major, minor;          /* compute capability */
    int lost;                  /* fell off the bus */
    int divided;               /* by MIG */
};

static const struct gpu gpus[] = {
#if defined UNLIKE
    { "Tesla T4", 0x17, 15, 7, 5, 0, 0 }, { "NVIDIA H100 80GB HBM3", 0x65, 80, 9, 0, 0, 0 },
#elif defined LOST
    { "NVIDIA A10", 0x17, 24, 8, 6, 0, 0 }, { "NVIDIA A10", 0x31, 24, 8, 6, 1, 0 }, { "NVIDIA A10", 0x65, 24, 8, 6, 0, 0 },
#elif defined DIVIDED
    { "NVIDIA A100-SXM4-40GB", 0x17, 40, 8, 0, 0, 1 },
#elif defined OLD_DRIVER || defined ANCIENT_DRIVER || defined NO_PERMISSION || defined NO_FABRIC || defined UPDATED
    { "NVIDIA H100 80GB HBM3", 0x65, 80, 9, 0, 0, 0 },
#else /* NO_DEVICE */
    { "none", 0, 0, 0, 0, 0, 0 },
#define COUNT 0
#endif
};

#ifndef COUNT
#define COUNT (int)(sizeof gpus / sizeof gpus[0])
#endif
