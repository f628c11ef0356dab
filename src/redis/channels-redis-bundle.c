/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-bundle.h"

#include "channels-redis-batches.h"

#include <string.h>

/* Of an event's length. */
#define LENGTH_SIZE 4

/**
 * channels_redis_bundle_begin:
 * @out: where it is to stand
 * @name: less than 256 bytes
 *
 * Appends what stands in front of the events.
 */
void
channels_redis_bundle_begin (GByteArray *out, const char *name)
{
  guint8 length = (guint8) strlen (name);

  g_byte_array_append (out, &length, sizeof length);
  g_byte_array_append (out, (const guint8 *) name, length);
}

/**
 * channels_redis_bundle_begin_in_queue:
 * @out: where it is to stand
 * @group: a group's name
 * @n_events: how many will be appended, less than 256
 *
 * Appends what stands in front of the events in a queue, without the random bytes.
 */
void
channels_redis_bundle_begin_in_queue (GByteArray *out, const char *group, guint n_events)
{
  const guint8 head[CHANNELS_REDIS_BUNDLE_HEAD] = { CHANNELS_REDIS_BUNDLE_MARK, (guint8) n_events };

  g_byte_array_append (out, head, sizeof head);
  channels_redis_bundle_begin (out, group);
}

/**
 * channels_redis_bundle_append:
 * @out: the events of a bundle so far, without its name
 * @event: a further one, less than 4 GiB
 */
void
channels_redis_bundle_append (GByteArray *out, GBytes *event)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (event, &length);
  guint32 big_endian = GUINT32_TO_BE ((guint32) length);

  g_byte_array_append (out, (const guint8 *) &big_endian, LENGTH_SIZE);
  g_byte_array_append (out, data, (guint) length);
}

/* The bytes of the event at @offset, and where the next one is; `FALSE` where it is not whole. */
static gboolean
find_event (GBytes *bytes, gsize offset, gsize *out_length, gsize *out_next)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  guint32 big_endian;

  if (size - offset < LENGTH_SIZE)
    return FALSE;

  memcpy (&big_endian, data + offset, LENGTH_SIZE);
  *out_length = GUINT32_FROM_BE (big_endian);
  offset += LENGTH_SIZE;
  if (*out_length > size - offset)
    return FALSE;

  *out_next = offset + *out_length;
  return TRUE;
}

/**
 * channels_redis_bundle_open:
 * @self: (out caller-allocates): filled, to be read from while @bytes live
 * @bytes: what came from Redis
 * @offset: where in them the bundle is, to the end
 *
 * Returns: (transfer full) (nullable): its name, whatever that is, or `NULL` where it is no whole
 * bundle, or has more events than any of ours: all of one are told in one turn of the loop
 */
char *
channels_redis_bundle_open (ChannelsRedisBundle *self, GBytes *bytes, gsize offset)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  gsize length, next;
  guint n_events = 0;

  if (offset >= size || data[offset] >= size - offset)
    return NULL;

  self->bytes = bytes;
  self->offset = offset + 1 + data[offset];
  for (next = self->offset; next < size;)
    {
      if (++n_events > CHANNELS_REDIS_PAYLOADS_MAX || !find_event (bytes, next, &length, &next))
        return NULL;
    }

  return g_strndup ((const char *) data + offset + 1, data[offset]);
}

/**
 * channels_redis_bundle_next:
 * @self: a bundle that was opened
 *
 * Returns: (transfer full) (nullable): its next event, or `NULL` where there is none
 */
GBytes *
channels_redis_bundle_next (ChannelsRedisBundle *self)
{
  gsize start = self->offset + LENGTH_SIZE;
  gsize length;

  if (!find_event (self->bytes, self->offset, &length, &self->offset))
    return NULL;

  return g_bytes_new_from_bytes (self->bytes, start, length);
}
