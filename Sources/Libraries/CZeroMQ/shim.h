#pragma once
#include <errno.h>
#include <zmq.h>

// ZeroMQ's own error codes are sums of macros, which are not imported into Swift.
static inline int hbn_zmq_eterm(void) { return ETERM; }

// zmq.h names it for drafts alone, but libzmq knows it from 4.3 on.
static inline int hbn_zmq_zap_enforce_domain(void) { return 93; }
