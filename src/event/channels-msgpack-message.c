/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-msgpack-message.h"

#include "channels-msgpack.h"
#include "channels-names.h"

#include <msgpack.h>
#include <string.h>

/* What is still to be read. */
typedef struct
{
  const guint8 *next; /* (unowned) */
  gsize left;         /* bytes */
} Cursor;

/* Reads the head of a value: the count in its first byte where that is @fix and no more than
 * @fix_max, or the big-endian count behind @first, @first + 1 or @first + 2, which has one byte,
 * two or four where @first_width is 1, and two or four where it is 2. */
static gboolean
read_count (Cursor *self, guint8 fix, guint8 fix_max, guint8 first, gsize first_width, gsize *out)
{
  gsize width;

  if (self->left == 0)
    return FALSE;

  if (self->next[0] >= fix && self->next[0] <= fix + fix_max)
    {
      *out = self->next[0] - fix;
      width = 0;
    }
  else
    {
      guint step = (guint) (self->next[0] - first);

      if (self->next[0] < first || step > 2 || (first_width << step) > 4)
        return FALSE;
      width = first_width << step;
      if (self->left < 1 + width)
        return FALSE;

      *out = 0;
      for (gsize i = 1; i <= width; i++)
        *out = *out << 8 | self->next[i];
    }

  self->next += 1 + width;
  self->left -= 1 + width;
  return TRUE;
}

static gboolean
read_string (Cursor *self, const char **out_data, gsize *out_length)
{
  if (!read_count (self, 0xA0, 0x1F, 0xD9, 1, out_length) || *out_length > self->left)
    return FALSE;

  *out_data = (const char *) self->next;
  self->next += *out_length;
  self->left -= *out_length;
  return TRUE;
}

static gboolean
read_key (Cursor *self, const char *key)
{
  const char *data;
  gsize length;

  return read_string (self, &data, &length) && length == strlen (key) &&
         memcmp (data, key, length) == 0;
}

static gboolean
read_name (Cursor *self, GStrvBuilder *names)
{
  const char *data;
  gsize length;
  g_autofree char *name = NULL;

  if (!read_string (self, &data, &length))
    return FALSE;

  name = g_strndup (data, length);
  g_strv_builder_add (names, name);
  return TRUE;
}

/* Reads an array of names. */
static gboolean
read_names (Cursor *self, GStrvBuilder *names)
{
  gsize count;

  if (!read_count (self, 0x90, 0x0F, 0xDC, 2, &count))
    return FALSE;

  while (count-- > 0)
    {
      if (!read_name (self, names))
        return FALSE;
    }

  return TRUE;
}

/*
 * channels_msgpack_read_message:
 * @data: what channels_msgpack_check() let pass
 * @length: bytes of @data
 * @out_message: (out caller-allocates): what was found, in @data
 * @channels: (nullable): where the names go for which the event is, if it is for some alone
 *
 * Reads a map that has a `type` and a `message`, both strings, in this order, and with @channels an
 * array of them behind, `__asgi_channel__`. Any other map is not wrong, but to be read otherwise;
 * @channels may have names of it then.
 *
 * Returns: whether it is such a map
 */
gboolean
channels_msgpack_read_message (const guint8 *data,
                               gsize length,
                               ChannelsMsgpackMessage *out_message,
                               GStrvBuilder *channels)
{
  guint8 head = channels != NULL ? 0x83 : 0x82;
  Cursor cursor = { .next = data + 1, .left = length - 1 };

  if (length == 0 || data[0] != head || !read_key (&cursor, CHANNELS_EVENT_KEY_TYPE) ||
      !read_string (&cursor, &out_message->type.data, &out_message->type.length) ||
      !read_key (&cursor, CHANNELS_EVENT_KEY_MESSAGE) ||
      !read_string (&cursor, &out_message->message.data, &out_message->message.length))
    return FALSE;

  if (channels != NULL &&
      (!read_key (&cursor, CHANNELS_EVENT_KEY_CHANNEL) || !read_names (&cursor, channels)))
    return FALSE;

  return cursor.left == 0;
}

/* What the head of a map and of its four strings takes at most. */
#define HEADS_MAX (5 + 4 * 5)

/* There is room for it. */
static int
append_cb (void *data, const char *bytes, size_t length)
{
  guint8 **end = data;

  memcpy (*end, bytes, length);
  *end += length;

  return 0;
}

/*
 * channels_msgpack_append_message:
 * @out: bytes
 * @message: UTF-8
 *
 * Appends the map with a `type` and a `message`, unless that has more bytes than
 * %CHANNELS_MSGPACK_SIZE_MAX.
 *
 * Returns: whether it was appended
 */
gboolean
channels_msgpack_append_message (GByteArray *out, const ChannelsMsgpackMessage *message)
{
  gsize room = HEADS_MAX + strlen (CHANNELS_EVENT_KEY_TYPE) + message->type.length +
               strlen (CHANNELS_EVENT_KEY_MESSAGE) + message->message.length;
  guint start = out->len;
  guint8 *end;
  msgpack_packer packer;

  if (message->type.length > CHANNELS_MSGPACK_SIZE_MAX ||
      message->message.length > CHANNELS_MSGPACK_SIZE_MAX)
    return FALSE;

  g_byte_array_set_size (out, start + (guint) room);
  end = out->data + start;
  msgpack_packer_init (&packer, &end, append_cb);
  msgpack_pack_map (&packer, 2);
  msgpack_pack_str_with_body (&packer, CHANNELS_EVENT_KEY_TYPE, strlen (CHANNELS_EVENT_KEY_TYPE));
  msgpack_pack_str_with_body (&packer, message->type.data, message->type.length);
  msgpack_pack_str_with_body (&packer, CHANNELS_EVENT_KEY_MESSAGE,
                              strlen (CHANNELS_EVENT_KEY_MESSAGE));
  msgpack_pack_str_with_body (&packer, message->message.data, message->message.length);
  g_byte_array_set_size (out, (guint) (end - out->data));

  if (out->len - start <= CHANNELS_MSGPACK_SIZE_MAX)
    return TRUE;

  g_byte_array_set_size (out, start);
  return FALSE;
}
