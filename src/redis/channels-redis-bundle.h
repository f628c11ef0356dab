/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * CHANNELS_REDIS_BUNDLE_MARK:
 *
 * The byte in front of a bundle where an event in MessagePack might be: none begins with it (“never
 * used” in the specification).
 */
#define CHANNELS_REDIS_BUNDLE_MARK 0xc1

/* Bytes in front of the name in a queue. */
#define CHANNELS_REDIS_BUNDLE_HEAD 2

/**
 * ChannelsRedisBundle:
 *
 * Several events that one of our nodes sends to others in one message of Redis: each costs Redis
 * and a receiver a fraction of what it does alone. Only they can read it, so it goes where no
 * others are. It has at most %CHANNELS_REDIS_PAYLOADS_MAX of them, and is:
 *
 *     1 byte     %CHANNELS_REDIS_BUNDLE_MARK         ┐ in a queue only
 *     1 byte     how many events, for scripts        ┘
 *     1 byte     length of the name
 *                in a queue the group's name, else that of the node that sends it
 *     4 bytes    length of an event, the highest byte first  ┐
 *                the event, as it would be sent alone         ┘ and so on
 */
typedef struct
{
  /*< private >*/
  GBytes *bytes; /* (unowned) */
  gsize offset;  /* of the next event */
} ChannelsRedisBundle;

void channels_redis_bundle_begin (GByteArray *out, const char *name);

void channels_redis_bundle_begin_in_queue (GByteArray *out, const char *group, guint n_events);

void channels_redis_bundle_append (GByteArray *out, GBytes *event);

char *channels_redis_bundle_open (ChannelsRedisBundle *self, GBytes *bytes, gsize offset);

GBytes *channels_redis_bundle_next (ChannelsRedisBundle *self);

G_END_DECLS
