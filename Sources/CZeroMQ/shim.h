#pragma once
#include <errno.h>
#include <zmq.h>

// ZeroMQ's own error codes are sums of macros, which are not imported into Swift.
static inline int hbn_zmq_eterm(void) { return ETERM; }
