/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-redis-error.h"
#include "channels-redis-reader.h"

/* However what Redis sends is cut up on its way, the replies are the same, up to the same mistake;
 * and none has more elements than it may. The first byte chooses the size of the cuts. */

static gsize
describe (const ChannelsRedisReply *reply, GString *text)
{
  gsize elements = 0;

  g_string_append_printf (text, "%d:", reply->type);
  if (reply->type == REDIS_REPLY_INTEGER)
    g_string_append_printf (text, "%lld", reply->integer);
  if (reply->str != NULL)
    g_string_append_len (text, reply->str, reply->len);

  if (reply->type == REDIS_REPLY_ARRAY)
    {
      elements = reply->elements;
      for (gsize i = 0; i < reply->elements; i++)
        elements += describe (reply->element[i], text);
    }

  if (reply->type == REDIS_REPLY_ERROR)
    {
      g_autoptr (GError) error = channels_redis_error_new (reply->str, reply->len);

      g_assert_true (error->domain == CHANNELS_REDIS_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }

  return elements;
}

/* All complete replies; FALSE where the reader is of no further use. */
static gboolean
take_replies (ChannelsRedisReader *reader, GString *text)
{
  ChannelsRedisReply *next = NULL;

  do
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChannelsRedisReply) reply = NULL;

      if (!channels_redis_reader_next (reader, &next, &error))
        {
          g_assert_error (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_PROTOCOL);
          g_assert_false (channels_redis_reader_next (reader, &next, NULL));
          g_string_append (text, "wrong");
          return FALSE;
        }

      reply = next;
      if (reply != NULL)
        g_assert_cmpuint (describe (reply, text), <=, CHANNELS_REDIS_ELEMENTS_MAX);
    }
  while (next != NULL);

  return TRUE;
}

static char *
read_in_steps (const guint8 *data, gsize size, gsize step)
{
  g_autoptr (ChannelsRedisReader) reader = channels_redis_reader_new ();
  GString *text = g_string_new (NULL);
  gboolean good = TRUE;

  for (gsize at = 0; at < size && good; at += step)
    {
      g_assert_true (channels_redis_reader_feed (reader, data + at, MIN (step, size - at), NULL));
      good = take_replies (reader, text);
    }

  return g_string_free (text, FALSE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *whole = NULL;
  g_autofree char *bytewise = NULL;
  g_autofree char *cut = NULL;

  if (size < 2)
    return 0;

  whole = read_in_steps (data + 1, size - 1, size);
  bytewise = read_in_steps (data + 1, size - 1, 1);
  cut = read_in_steps (data + 1, size - 1, data[0] + 1);
  g_assert_cmpstr (whole, ==, bytewise);
  g_assert_cmpstr (whole, ==, cut);

  return 0;
}
