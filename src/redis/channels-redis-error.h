/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsRedisError:
 * @CHANNELS_REDIS_ERROR_FAILED: any other error reply, such as `ERR …`
 * @CHANNELS_REDIS_ERROR_PROTOCOL: what came is no RESP, past a bound, or an answer to nothing
 * @CHANNELS_REDIS_ERROR_NOAUTH: a password is wanted
 * @CHANNELS_REDIS_ERROR_WRONGPASS: user and password do not fit
 * @CHANNELS_REDIS_ERROR_NOPERM: the user may not do this
 * @CHANNELS_REDIS_ERROR_DENIED: it takes nobody in from where we are: its protected mode
 * @CHANNELS_REDIS_ERROR_MAXCLIENTS: it has as many clients as it may have
 * @CHANNELS_REDIS_ERROR_LOADING: it still reads its data from disk
 * @CHANNELS_REDIS_ERROR_MASTERDOWN: a replica without its master
 * @CHANNELS_REDIS_ERROR_READONLY: a replica, or no longer a master
 * @CHANNELS_REDIS_ERROR_TRYAGAIN: a cluster moves its slots
 * @CHANNELS_REDIS_ERROR_CLUSTERDOWN: a cluster without some of its slots
 * @CHANNELS_REDIS_ERROR_BUSY: a script runs for too long
 * @CHANNELS_REDIS_ERROR_OOM: its memory is full
 * @CHANNELS_REDIS_ERROR_MISCONF: it cannot write to disk, so it does not write at all
 * @CHANNELS_REDIS_ERROR_NOSCRIPT: it does not know the script of an EVALSHA
 * @CHANNELS_REDIS_ERROR_WRONGTYPE: the key holds something else
 * @CHANNELS_REDIS_ERROR_MOVED: a cluster: the key lies elsewhere, which is not followed
 * @CHANNELS_REDIS_ERROR_ASK: likewise
 *
 * What Redis answers where it does not do as it is told. What comes of it:
 *
 * - PROTOCOL, DENIED, MAXCLIENTS, LOADING, MASTERDOWN, READONLY, TRYAGAIN, CLUSTERDOWN and NOAUTH
 *   end the connection, which is made anew after a wait that grows, with Sentinel perhaps to
 * another host. So does NOSCRIPT: scripts are loaded whenever a connection goes up.
 * - NOAUTH, WRONGPASS and NOPERM while logging in take a human to change: the wait is five seconds
 *   or more, and the log has a warning.
 * - With all others the command has failed, and nothing else. A sender is told; a join, a
 *   subscription and the wait at a queue are tried again after a wait that grows, are in the log
 * once a minute, and the layer is down until then; but a group whose key holds something else is
 * just not joined. A cluster is not followed (MOVED, ASK).
 */
typedef enum
{
  CHANNELS_REDIS_ERROR_FAILED,
  CHANNELS_REDIS_ERROR_PROTOCOL,
  CHANNELS_REDIS_ERROR_NOAUTH,
  CHANNELS_REDIS_ERROR_WRONGPASS,
  CHANNELS_REDIS_ERROR_NOPERM,
  CHANNELS_REDIS_ERROR_DENIED,
  CHANNELS_REDIS_ERROR_MAXCLIENTS,
  CHANNELS_REDIS_ERROR_LOADING,
  CHANNELS_REDIS_ERROR_MASTERDOWN,
  CHANNELS_REDIS_ERROR_READONLY,
  CHANNELS_REDIS_ERROR_TRYAGAIN,
  CHANNELS_REDIS_ERROR_CLUSTERDOWN,
  CHANNELS_REDIS_ERROR_BUSY,
  CHANNELS_REDIS_ERROR_OOM,
  CHANNELS_REDIS_ERROR_MISCONF,
  CHANNELS_REDIS_ERROR_NOSCRIPT,
  CHANNELS_REDIS_ERROR_WRONGTYPE,
  CHANNELS_REDIS_ERROR_MOVED,
  CHANNELS_REDIS_ERROR_ASK,
} ChannelsRedisError;

#define CHANNELS_REDIS_ERROR (channels_redis_error_quark ())
GQuark channels_redis_error_quark (void);

GError *channels_redis_error_new (const char *text, gsize length);

gboolean channels_redis_error_ends_connection (const GError *error);

gboolean channels_redis_error_is_refusal (const GError *error);

G_END_DECLS
