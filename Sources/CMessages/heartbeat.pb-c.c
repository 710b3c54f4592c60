#include "heartbeat.pb-c.h"
