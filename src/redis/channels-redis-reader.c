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
 *
 * A string, or an array's pointers, lie behind the reply that has them, in one block: an event that
 * was published comes as four replies, and there are many.
 */
struct _ChannelsRedisReader
{
  redisReader *reader; /* (owned) */
  gsize size;          /* bytes of the reply that is not complete */
  gsize elements;      /* of that reply */
};

/* Makes a reply with @size zeroes behind it, in the array whose turn it is. */
static ChannelsRedisReply *
create (const redisReadTask *task, gsize size)
{
  ChannelsRedisReply *reply = g_malloc0 (sizeof (ChannelsRedisReply) + size);

  reply->type = task->type;
  if (task->parent != NULL)
    ((ChannelsRedisReply *) task->parent->obj)->element[task->idx] = reply;

  return reply;
}

static void *
create_string (const redisReadTask *task, char *text, size_t length)
{
  ChannelsRedisReply *reply = create (task, length + 1);

  reply->str = (char *) (reply + 1);
  reply->len = length;
  memcpy (reply->str, text, length);

  return reply;
}

static void *
create_array (const redisReadTask *task, int elements)
{
  ChannelsRedisReader *self = task->privdata;
  ChannelsRedisReply *reply;

  if ((gsize) elements > CHANNELS_REDIS_ELEMENTS_MAX - self->elements)
    return NULL;

  self->elements += elements;
  reply = create (task, elements * sizeof (ChannelsRedisReply *));
  reply->element = (ChannelsRedisReply **) (reply + 1);
  reply->elements = elements;

  return reply;
}

static void *
create_integer (const redisReadTask *task, long long value)
{
  ChannelsRedisReply *reply = create (task, 0);

  reply->integer = value;

  return reply;
}

static void *
create_nil (const redisReadTask *task)
{
  ChannelsRedisReply *reply = create (task, 0);

  reply->type = REDIS_REPLY_NIL; /* the task may be a string, or an array */

  return reply;
}

static void
free_reply (void *reply)
{
  channels_redis_reply_free (reply);
}

static redisReplyObjectFunctions functions = {
  .createString = create_string,
  .createArray = create_array,
  .createInteger = create_integer,
  .createNil = create_nil,
  .freeObject = free_reply,
};

static gboolean
fail (GError **error, const char *why)
{
  g_set_error (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_PROTOCOL,
               "what came is no reply: %s", why);
  return FALSE;
}

/**
 * channels_redis_reply_free:
 * @self: (transfer full) (nullable): a reply, which is in no other
 */
void
channels_redis_reply_free (ChannelsRedisReply *self)
{
  if (self == NULL)
    return;

  /* One that is not complete has gaps. */
  for (gsize i = 0; i < self->elements; i++)
    channels_redis_reply_free (self->element[i]);
  g_free (self);
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
  self->reader->fn = &functions;
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
