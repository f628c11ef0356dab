/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-msgpack-check.h"

#include "channels-error.h"
#include "channels-msgpack.h"

/* msgpack-c allocates what a header promises before it has seen a byte of it: five bytes can ask
 * for 100 GB. So everything is walked through first, without allocating and without recursion, and
 * the library only sees what is whole, bounded, and made of types that an event can have. */

typedef enum
{
  FORM_FIXED,   /* so many bytes, and nothing more to look at */
  FORM_BYTES,   /* a count of bytes, and the bytes */
  FORM_STRING,  /* the same, in UTF-8 */
  FORM_ARRAY,   /* a count of values, and the values */
  FORM_MAP,     /* a count of pairs, and the pairs */
  FORM_EXT,     /* what only its makers understand */
  FORM_INVALID, /* no byte of MessagePack */
} Form;

/* What the bytes 0xC0 to 0xDF announce: the form, and the size of what follows at once, which is
 * the value itself (FORM_FIXED) or its count. */
static const struct
{
  Form form;
  guint8 width; /* bytes */
} heads[] = {
  { FORM_FIXED, 0 },  { FORM_INVALID, 0 }, { FORM_FIXED, 0 },  { FORM_FIXED, 0 }, { FORM_BYTES, 1 },
  { FORM_BYTES, 2 },  { FORM_BYTES, 4 },   { FORM_EXT, 0 },    { FORM_EXT, 0 },   { FORM_EXT, 0 },
  { FORM_FIXED, 4 },  { FORM_FIXED, 8 },   { FORM_FIXED, 1 },  { FORM_FIXED, 2 }, { FORM_FIXED, 4 },
  { FORM_FIXED, 8 },  { FORM_FIXED, 1 },   { FORM_FIXED, 2 },  { FORM_FIXED, 4 }, { FORM_FIXED, 8 },
  { FORM_EXT, 0 },    { FORM_EXT, 0 },     { FORM_EXT, 0 },    { FORM_EXT, 0 },   { FORM_EXT, 0 },
  { FORM_STRING, 1 }, { FORM_STRING, 2 },  { FORM_STRING, 4 }, { FORM_ARRAY, 2 }, { FORM_ARRAY, 4 },
  { FORM_MAP, 2 },    { FORM_MAP, 4 },
};

G_STATIC_ASSERT (G_N_ELEMENTS (heads) == 0xE0 - 0xC0);

/* An array or a map that is open. */
typedef struct
{
  gsize left;      /* values that are still to come in it, a map's keys among them */
  gboolean is_map; /* an even number is left before a key, an odd one before a value */
} Level;

typedef struct
{
  const guint8 *start; /* (unowned) */
  const guint8 *next;  /* (unowned): first byte not read yet */
  gsize left;          /* bytes from there */
  Level levels[CHANNELS_MSGPACK_DEPTH_MAX];
  guint depth; /* levels that are open */
  guint max_depth;
  gsize n_values;
} Walk;

static gboolean
fail (const Walk *self, const char *what, GError **error)
{
  g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT,
               "not such MessagePack as an event has, before byte %" G_GSIZE_FORMAT ": %s",
               (gsize) (self->next - self->start), what);
  return FALSE;
}

static void
skip (Walk *self, gsize n_bytes)
{
  self->next += n_bytes;
  self->left -= n_bytes;
}

/* Reads the first byte of a value and the count behind it; of FORM_FIXED, the value. */
static gboolean
read_head (Walk *self, Form *out_form, gsize *out_count, GError **error)
{
  guint8 byte;
  guint8 width;
  gsize count = 0;

  if (self->left == 0)
    return fail (self, "it ends too early", error);

  byte = *self->next;
  skip (self, 1);

  if (byte < 0xC0 || byte > 0xDF)
    {
      *out_form = byte < 0x80 || byte > 0xDF ? FORM_FIXED
                  : byte < 0x90              ? FORM_MAP
                  : byte < 0xA0              ? FORM_ARRAY
                                             : FORM_STRING;
      *out_count = *out_form == FORM_STRING ? byte & 0x1F : byte & 0x0F;
      return TRUE;
    }

  width = heads[byte - 0xC0].width;
  if (width > self->left)
    return fail (self, "it ends too early", error);
  for (guint i = 0; i < width; i++)
    count = count << 8 | self->next[i];
  skip (self, width);

  *out_form = heads[byte - 0xC0].form;
  *out_count = count;
  return TRUE;
}

static gboolean
read_bytes (Walk *self, gsize count, gboolean is_string, GError **error)
{
  if (count > self->left)
    return fail (self, "it ends too early", error);
  if (is_string && !g_utf8_validate_len ((const char *) self->next, count, NULL))
    return fail (self, "a string is not UTF-8, or has a NUL", error);

  skip (self, count);
  return TRUE;
}

/* Opens an array or a map. Each of its values has a byte at least. */
static gboolean
open_level (Walk *self, gsize count, gboolean is_map, GError **error)
{
  gsize n_values;

  if (self->depth == self->max_depth)
    return fail (self, "it is nested too deep", error);
  if (count > self->left / (is_map ? 2 : 1))
    return fail (self, "a count is larger than what follows", error);

  n_values = is_map ? 2 * count : count;
  if (n_values > CHANNELS_MSGPACK_VALUES_MAX - self->n_values)
    return fail (self, "it has too many values", error);

  self->n_values += n_values;
  self->levels[self->depth].left = n_values;
  self->levels[self->depth].is_map = is_map;
  self->depth++;

  return TRUE;
}

/* Reads a value, or as much of it as comes before the first value inside it. */
static gboolean
read_value (Walk *self, GError **error)
{
  const Level *level = self->depth > 0 ? &self->levels[self->depth - 1] : NULL;
  gboolean is_key = level != NULL && level->is_map && level->left % 2 == 1;
  Form form;
  gsize count;

  if (!read_head (self, &form, &count, error))
    return FALSE;
  if (is_key && form != FORM_STRING)
    return fail (self, "a key is no string", error);

  switch (form)
    {
    case FORM_FIXED:
      return TRUE;
    case FORM_BYTES:
    case FORM_STRING:
      return read_bytes (self, count, form == FORM_STRING, error);
    case FORM_ARRAY:
    case FORM_MAP:
      return open_level (self, count, form == FORM_MAP, error);
    case FORM_EXT:
      return fail (self, "it has an extension", error);
    case FORM_INVALID:
    default:
      return fail (self, "no value starts so", error);
    }
}

/*
 * channels_msgpack_check:
 * @data: (nullable): `NULL` if @length is 0
 * @length: bytes of @data
 * @max_depth: arrays and maps that may be open at once
 * @error: return location for a `GError`, or `NULL`
 *
 * Checks all that channels_msgpack_to_variant() promises. Takes time by @length, and no memory.
 *
 * Returns: `TRUE` if @data is good, `FALSE` with @error set otherwise
 */
gboolean
channels_msgpack_check (const guint8 *data, gsize length, guint max_depth, GError **error)
{
  Walk walk = {
    .start = data,
    .next = data,
    .left = length,
    .max_depth = MIN (max_depth, CHANNELS_MSGPACK_DEPTH_MAX),
  };

  if (length > CHANNELS_MSGPACK_SIZE_MAX)
    {
      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_MESSAGE_TOO_BIG,
                   "%" G_GSIZE_FORMAT " bytes of MessagePack: at most %d are read", length,
                   CHANNELS_MSGPACK_SIZE_MAX);
      return FALSE;
    }

  do
    {
      if (walk.depth > 0)
        walk.levels[walk.depth - 1].left--;
      if (!read_value (&walk, error))
        return FALSE;
      while (walk.depth > 0 && walk.levels[walk.depth - 1].left == 0)
        walk.depth--;
    }
  while (walk.depth > 0);

  return walk.left == 0 || fail (&walk, "something follows it", error);
}
