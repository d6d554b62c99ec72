/* Stands in for libnvidia-ml.so.1: names, layouts and answers as nvml.h has them. */
#include <stdio.h>
#include <string.h>
#include "gpus.h"

enum { SUCCESS = 0, UNINITIALIZED = 1, DRIVER_NOT_LOADED = 9, NOT_SUPPORTED = 3, NO_PERMISSION_ANSWER = 4, LOST_ANSWER = 15, VERSION_MISMATCH = 18 };

struct pci { char old[16]; unsigned domain, bus, device, id, subsystem; char address[32]; };
struct memory { unsigned long long total, free, used; };
struct use { unsigned gpu, memory; };

/* For tests. What all calls answer from now on; as with a driver whose module was loaded again, only who begins anew gets rid of it. */
int stand_in_trouble;
/* A lost GPU was reset: who begins anew has it back. */
int stand_in_reset;
int stand_in_begins;

static int open_times, has_come_back;

/* As the real one it counts who has begun it, and begins anew only where nobody has. */
int nvmlInit_v2(void)
{
    stand_in_begins++;
#if defined NO_PERMISSION
    return NO_PERMISSION_ANSWER;
#elif defined UPDATED
    return VERSION_MISMATCH;
#else
    if (open_times++ == 0)
    {
        stand_in_trouble = SUCCESS;
        has_come_back = stand_in_reset;
    }
    return SUCCESS;
#endif
}

int nvmlShutdown(void)
{
    if (open_times == 0)
        return UNINITIALIZED;
    open_times--;
    return SUCCESS;
}

static int is_lost(const struct gpu *device) { return device->lost && !has_come_back; }

const char *nvmlErrorString(int answer)
{
    switch (answer)
    {
        case NO_PERMISSION_ANSWER: return "Insufficient Permissions";
        case DRIVER_NOT_LOADED: return "Driver Not Loaded";
        case LOST_ANSWER: return "GPU is lost";
        case VERSION_MISMATCH: return "Driver/library version mismatch";
        default: return "Unknown Error";
    }
}

int nvmlSystemGetDriverVersion(char *text, unsigned length)
{
    if (stand_in_trouble != SUCCESS)
        return stand_in_trouble;
#ifdef OLD_DRIVER
    snprintf(text, length, "450.80.02");
#else
    snprintf(text, length, "580.65.06");
#endif
    return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned *count) { *count = COUNT; return SUCCESS; }

/* The handle of a lost one is still given; only what is asked of it fails. */
int nvmlDeviceGetHandleByIndex_v2(unsigned index, const struct gpu **device) { *device = &gpus[index]; return SUCCESS; }

int nvmlDeviceGetName(const struct gpu *device, char *text, unsigned length)
{
    if (is_lost(device))
        return LOST_ANSWER;
    snprintf(text, length, "%s", device->name);
    return SUCCESS;
}

#ifndef ANCIENT_DRIVER
int nvmlDeviceGetPciInfo_v3(const struct gpu *device, struct pci *info)
{
    if (is_lost(device))
        return LOST_ANSWER;
    memset(info, 0xee, sizeof *info);
    info->domain = info->device = 0;
    info->bus = device->bus;
    snprintf(info->address, sizeof info->address, "00000000:%02X:00.0", device->bus);
    return SUCCESS;
}
#endif

int nvmlDeviceGetMemoryInfo(const struct gpu *device, struct memory *memory)
{
    memory->total = device->gib << 30;
    memory->used = 1ull << 30;
    memory->free = memory->total - memory->used;
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(const struct gpu *device, struct use *use)
{
    if (device->divided)
        return NOT_SUPPORTED;
    use->gpu = 7;
    use->memory = 1;
    return SUCCESS;
}

#if !defined OLD_DRIVER && !defined ANCIENT_DRIVER
int nvmlDeviceGetCudaComputeCapability(const struct gpu *device, int *major, int *minor)
{
    *major = device->major;
    *minor = device->minor;
    return SUCCESS;
}

int nvmlDeviceGetMigMode(const struct gpu *device, unsigned *current, unsigned *pending)
{
    if (device->major < 8)
        return NOT_SUPPORTED;
    *current = *pending = (unsigned)device->divided;
    return SUCCESS;
}
#endif
