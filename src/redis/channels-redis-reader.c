/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-reader.h"

#include "channels-redis-error.h"

#include <string.h>

/**
 * ChannelsRedisReader:
 *
 * Makes replies out of bytes that come in any pieces: hiredis' reader, with bounds.
 *
 * hiredis bounds the nesting (seven arrays), but allocates a pointer for each element that an array
 * says it has before the first has come, and keeps however many bytes a reply takes. Here a reply
 * has at most %CHANNELS_REDIS_REPLY_MAX bytes and %CHANNELS_REDIS_ELEMENTS_MAX elements, which
 * are counted before they are allocated. Past a bound, or after what is no RESP, a reader is of no
 * further use.
 */
struct _ChannelsRedisReader
{
  redisReader *reader;                                /* (owned) */
  redisReplyObjectFunctions functions;                /* hiredis' own, but for arrays */
  void *(*create_array) (const redisReadTask *, int); /* hiredis' own */
  gsize size;                                         /* bytes of the reply that is not complete */
  gsize elements;                                     /* of that reply */
};

static void *
create_array (const redisReadTask *task, int elements)
{
  ChannelsRedisReader *self = task->privdata;

  if ((gsize) elements > CHANNELS_REDIS_ELEMENTS_MAX - self->elements)
    return NULL;

  self->elements += elements;
  return self->create_array (task, elements);
}

static gboolean
fail (GError **error, const char *why)
{
  g_set_error (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_PROTOCOL,
               "what came is no reply: %s", why);
  return FALSE;
}

/**
 * channels_redis_reply_free:
 * @self: (transfer full) (nullable): a reply
 */
void
channels_redis_reply_free (ChannelsRedisReply *self)
{
  freeReplyObject (self);
}

/**
 * channels_redis_reply_is:
 * @self: (nullable): a reply
 * @word: a word
 *
 * Returns: whether it is a string or a status that says exactly @word
 */
gboolean
channels_redis_reply_is (const ChannelsRedisReply *self, const char *word)
{
  return self != NULL && (self->type == REDIS_REPLY_STRING || self->type == REDIS_REPLY_STATUS) &&
         self->len == strlen (word) && memcmp (self->str, word, self->len) == 0;
}

/**
 * channels_redis_reader_new:
 *
 * Returns: (transfer full): a reader at the beginning of a reply
 */
ChannelsRedisReader *
channels_redis_reader_new (void)
{
  ChannelsRedisReader *self = g_new0 (ChannelsRedisReader, 1);

  self->reader = redisReaderCreate ();
  g_assert (self->reader != NULL);
  self->functions = *self->reader->fn;
  self->create_array = self->functions.createArray;
  self->functions.createArray = create_array;
  self->reader->fn = &self->functions;
  self->reader->privdata = self;

  return self;
}

/**
 * channels_redis_reader_free:
 * @self: (transfer full) (nullable): a reader
 */
void
channels_redis_reader_free (ChannelsRedisReader *self)
{
  if (self == NULL)
    return;

  redisReaderFree (self->reader);
  g_free (self);
}

/**
 * channels_redis_reader_feed:
 * @self: a reader whose complete replies were all taken
 * @data: (array length=size): what came
 * @size: bytes of it
 * @error: return location for a `GError`, or `NULL`
 *
 * Takes bytes, all of them or, failing with `CHANNELS_REDIS_ERROR_PROTOCOL`, none: they would take
 * the reply that is not complete past its bound.
 *
 * Returns: `TRUE` if it took them, `FALSE` with @error set otherwise
 */
gboolean
channels_redis_reader_feed (ChannelsRedisReader *self,
                            gconstpointer data,
                            gsize size,
                            GError **error)
{
  if (size > CHANNELS_REDIS_REPLY_MAX - self->size)
    return fail (error, "it is too long");
  if (redisReaderFeed (self->reader, data, size) != REDIS_OK)
    return fail (error, self->reader->errstr);

  self->size += size;
  return TRUE;
}

/**
 * channels_redis_reader_next:
 * @self: a reader
 * @out_reply: (out) (transfer full) (nullable): the next complete reply; `NULL` if there is none
 * yet
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails with `CHANNELS_REDIS_ERROR_PROTOCOL` where the bytes are no reply, or one past its bounds.
 *
 * Returns: `TRUE` with @out_reply set, `FALSE` with @error set otherwise
 */
gboolean
channels_redis_reader_next (ChannelsRedisReader *self,
                            ChannelsRedisReply **out_reply,
                            GError **error)
{
  void *reply = NULL;

  if (redisReaderGetReply (self->reader, &reply) != REDIS_OK)
    return fail (error, self->reader->err == REDIS_ERR_OOM ? "it has too many elements"
                                                           : self->reader->errstr);
  if (reply != NULL)
    {
      self->size = self->reader->len - self->reader->pos;
      self->elements = 0;
    }

  *out_reply = reply;
  return TRUE;
}
