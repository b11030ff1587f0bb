// The whole of zstd's stable interface imports as it is.

#ifndef MERIDIAN_CZSTD_SHIM_H
#define MERIDIAN_CZSTD_SHIM_H

#include <zstd.h>
#include <zstd_errors.h>

#endif
