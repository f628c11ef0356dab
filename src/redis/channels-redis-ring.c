/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-ring.h"

#include <string.h>
#include <zlib.h>

/* Parts of the ring, which the hosts share out evenly. */
#define N_PARTS 4096

/**
 * channels_redis_ring_find:
 * @name: a group's name, the non-local part of a channel's, or a Redis channel
 * @n_hosts: how many hosts there are, > 0
 *
 * Tells which of several Redis hosts has @name. All nodes that have the same hosts in the same
 * order agree, those of channels_redis too: so this divides doubles, as Python does there.
 *
 * Returns: the host's index, < @n_hosts
 */
guint
channels_redis_ring_find (const char *name, guint n_hosts)
{
  uLong checksum;

  g_return_val_if_fail (name != NULL, 0);
  g_return_val_if_fail (n_hosts > 0, 0);

  checksum = crc32_z (0, (const Bytef *) name, strlen (name));
  return (guint) ((double) (checksum % N_PARTS) / (N_PARTS / (double) n_hosts));
}
