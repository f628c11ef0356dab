/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Private to this floor: what the files behind channels-json.h share. */

/* Levels that a reader can keep account of, whatever its caller allows. */
#define CHANNELS_JSON_DEPTH_MAX 128

/**
 * ChannelsJsonToken:
 *
 * What a text is made of. Commas and colons are not told of. @CHANNELS_JSON_TOKEN_END comes after
 * the whole text was found good.
 */
typedef enum
{
  CHANNELS_JSON_TOKEN_END,
  CHANNELS_JSON_TOKEN_OBJECT,
  CHANNELS_JSON_TOKEN_OBJECT_END,
  CHANNELS_JSON_TOKEN_ARRAY,
  CHANNELS_JSON_TOKEN_ARRAY_END,
  CHANNELS_JSON_TOKEN_KEY,
  CHANNELS_JSON_TOKEN_STRING,
  CHANNELS_JSON_TOKEN_NUMBER,
  CHANNELS_JSON_TOKEN_TRUE,
  CHANNELS_JSON_TOKEN_FALSE,
  CHANNELS_JSON_TOKEN_NULL,
} ChannelsJsonToken;

/**
 * ChannelsJsonReader:
 * @token: what was read last
 * @start: its first byte; a string's is the quote
 * @length: its bytes
 * @escaped: whether it is a string that has escapes
 * @depth: how many arrays and objects are open after it
 *
 * Reads a text token by token. A plain value; its other fields are its own affair.
 */
typedef struct
{
  ChannelsJsonToken token;
  const char *start; /* (unowned) */
  gsize length;
  gboolean escaped;
  guint depth;

  const char *text;                              /* (unowned) */
  const char *next;                              /* (unowned): first byte not read yet */
  const char *end;                               /* (unowned) */
  guint64 objects[CHANNELS_JSON_DEPTH_MAX / 64]; /* a bit a level: object, not array */
  guint max_depth;
  guint n_values;
  int expected;
} ChannelsJsonReader;

void channels_json_reader_init (ChannelsJsonReader *self,
                                const char *text,
                                gsize length,
                                guint max_depth);

gboolean channels_json_reader_next (ChannelsJsonReader *self, GError **error);

gboolean channels_json_reader_string_equals (const ChannelsJsonReader *self, const char *string);

char *channels_json_reader_dup_string (const ChannelsJsonReader *self);

G_END_DECLS
