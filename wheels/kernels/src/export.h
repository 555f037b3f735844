/* Marks what Python and the page call. */
#ifndef HEARTH_EXPORT_H
#define HEARTH_EXPORT_H

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default"), used))
#endif

#endif
