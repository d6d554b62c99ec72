/* Stands in for libcuda.so.1: names and answers as cuda.h has them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gpus.h"

enum { SUCCESS = 0, NO_DEVICE_ANSWER = 100, INVALID_DEVICE = 101, OPERATING_SYSTEM = 304, SYSTEM_NOT_READY = 802, SYSTEM_DRIVER_MISMATCH = 803 };
enum { CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76 };

int cuInit(unsigned flags)
{
    (void)flags;
#if defined NO_PERMISSION
    return OPERATING_SYSTEM;
#elif defined NO_FABRIC
    return SYSTEM_NOT_READY;
#elif defined UPDATED
    return SYSTEM_DRIVER_MISMATCH;
#else
    return COUNT == 0 ? NO_DEVICE_ANSWER : SUCCESS;
#endif
}

int cuDriverGetVersion(int *version)
{
#ifdef OLD_DRIVER
    *version = 11000;
#else
    *version = 13000;
#endif
    return SUCCESS;
}

int cuDeviceGetCount(int *count) { *count = COUNT; return SUCCESS; }

/* By itself CUDA numbers the fastest first, here the one that can do most; asked to, by their places on the bus. */
int cuDeviceGet(int *device, int ordinal)
{
    const char *order = getenv("CUDA_DEVICE_ORDER");
    if (ordinal < 0 || ordinal >= COUNT)
        return INVALID_DEVICE;
    *device = order != NULL && strcmp(order, "PCI_BUS_ID") == 0 ? ordinal : COUNT - 1 - ordinal;
    return SUCCESS;
}

int cuDeviceGetName(char *name, int length, int device) { snprintf(name, (size_t)length, "%s", gpus[device].name); return SUCCESS; }

int cuDeviceGetPCIBusId(char *address, int length, int device) { snprintf(address, (size_t)length, "0000:%02X:00.0", gpus[device].bus); return SUCCESS; }

int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    *value = attribute == CAPABILITY_MAJOR ? gpus[device].major : attribute == CAPABILITY_MINOR ? gpus[device].minor : 0;
    return SUCCESS;
}
