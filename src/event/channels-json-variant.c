/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-json-variant.h"

#include "channels-json-number.h"
#include "channels-json-reader.h"
#include "channels-json.h"
#include "channels-members.h"

#include <math.h>
#include <string.h>

/* Between JSON and GVariant. Both ways recurse a level at a time, and both are bounded: by the
 * reader's depth one way, by CHANNELS_JSON_DEPTH_MAX the other. */

static GVariant *read_value (ChannelsJsonReader *reader, GError **error);

static GVariant *
read_object (ChannelsJsonReader *reader, GError **error)
{
  g_autoptr (ChannelsMembers) members = channels_members_new ();

  while (TRUE)
    {
      g_autofree char *key = NULL;
      GVariant *value;

      if (!channels_json_reader_next (reader, error))
        return NULL;
      if (reader->token == CHANNELS_JSON_TOKEN_OBJECT_END)
        return channels_members_end (members);

      key = channels_json_reader_dup_string (reader);
      if (!channels_json_reader_next (reader, error))
        return NULL;
      value = read_value (reader, error);
      if (value == NULL)
        return NULL;
      channels_members_take (members, g_steal_pointer (&key), value);
    }
}

static GVariant *
read_array (ChannelsJsonReader *reader, GError **error)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("av"));

  while (TRUE)
    {
      GVariant *value;

      if (!channels_json_reader_next (reader, error))
        return NULL;
      if (reader->token == CHANNELS_JSON_TOKEN_ARRAY_END)
        return g_variant_builder_end (&builder);

      value = read_value (reader, error);
      if (value == NULL)
        return NULL;
      g_variant_builder_add (&builder, "v", value);
    }
}

static GVariant *
read_number (ChannelsJsonReader *reader)
{
  ChannelsJsonNumber number;

  if (!channels_json_number_parse (reader->start, reader->length, &number))
    g_return_val_if_reached (NULL); /* the reader lets no such number pass */

  switch (number.kind)
    {
    case 'x':
      return g_variant_new_int64 (number.value.signed_integer);
    case 't':
      return g_variant_new_uint64 (number.value.unsigned_integer);
    default:
      return g_variant_new_double (number.value.real);
    }
}

/* Reads the value that starts with the token that @reader has. */
static GVariant *
read_value (ChannelsJsonReader *reader, GError **error)
{
  switch (reader->token)
    {
    case CHANNELS_JSON_TOKEN_OBJECT:
      return read_object (reader, error);
    case CHANNELS_JSON_TOKEN_ARRAY:
      return read_array (reader, error);
    case CHANNELS_JSON_TOKEN_STRING:
      return g_variant_new_take_string (channels_json_reader_dup_string (reader));
    case CHANNELS_JSON_TOKEN_NUMBER:
      return read_number (reader);
    case CHANNELS_JSON_TOKEN_TRUE:
    case CHANNELS_JSON_TOKEN_FALSE:
      return g_variant_new_boolean (reader->token == CHANNELS_JSON_TOKEN_TRUE);
    case CHANNELS_JSON_TOKEN_NULL:
      return g_variant_new_signature ("");
    case CHANNELS_JSON_TOKEN_END:
    case CHANNELS_JSON_TOKEN_OBJECT_END:
    case CHANNELS_JSON_TOKEN_ARRAY_END:
    case CHANNELS_JSON_TOKEN_KEY:
    default:
      g_return_val_if_reached (NULL); /* no value starts with these, so the reader failed */
    }
}

/**
 * channels_json_to_variant:
 * @text: (nullable): need not end with NUL; `NULL` if @length is 0
 * @length: bytes of @text
 * @max_depth: as in channels_json_validate()
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes a `GVariant` of a text: an object is an `a{sv}`, an array an `av`, a string `s`, a truth
 * value `b`, an integer `x` where an int64 holds it and else `t`, any other number `d`. D-Bus has
 * no null: it is the empty signature (`g`), which means nothing else. `-0` is the double -0.0.
 *
 * Of members with one name the last counts, in the place of the first, as in Python.
 *
 * Fails as channels_json_validate() does.
 *
 * Returns: (transfer floating): the value, or `NULL` with @error set
 */
GVariant *
channels_json_to_variant (const char *text, gsize length, guint max_depth, GError **error)
{
  g_autoptr (GVariant) value = NULL;
  ChannelsJsonReader reader;

  g_return_val_if_fail (text != NULL || length == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  channels_json_reader_init (&reader, text, length, max_depth);
  if (!channels_json_reader_next (&reader, error))
    return NULL;

  value = read_value (&reader, error);
  if (value == NULL)
    return NULL;

  /* Nothing but white space may follow. */
  if (!channels_json_reader_next (&reader, error))
    return NULL;

  return g_steal_pointer (&value);
}

/*
 * channels_variant_unwrap:
 * @value: any value
 *
 * Returns: (transfer full): what is in @value once all variants around it are gone
 */
GVariant *
channels_variant_unwrap (GVariant *value)
{
  g_autoptr (GVariant) inner = g_variant_ref (value);

  while (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT))
    {
      GVariant *wrapped = g_steal_pointer (&inner);

      inner = g_variant_get_variant (wrapped);
      g_variant_unref (wrapped);
    }

  return g_steal_pointer (&inner);
}

/**
 * channels_json_append_string:
 * @out: a text
 * @string: UTF-8
 * @length: bytes of @string; -1 where it ends with a NUL
 *
 * Appends @string as JSON, in quotes. Only what must be is escaped: quotes, backslashes and
 * U+0000 to U+001F.
 */
void
channels_json_append_string (GString *out, const char *string, gssize length)
{
  const char *plain = string;
  const char *end = string + (length >= 0 ? (gsize) length : strlen (string));

  g_return_if_fail (out != NULL);
  g_return_if_fail (string != NULL);

  g_string_append_c (out, '"');
  for (const char *p = string; p < end; p++)
    {
      static const char controls[] = "\b\f\n\r\t";
      const char *control;

      if ((guchar) *p >= ' ' && *p != '"' && *p != '\\')
        continue;

      g_string_append_len (out, plain, p - plain);
      plain = p + 1;

      control = strchr (controls, *p);
      if (control != NULL)
        g_string_append_printf (out, "\\%c", "bfnrt"[control - controls]);
      else if ((guchar) *p < ' ')
        g_string_append_printf (out, "\\u%04x", (guint) *p);
      else
        g_string_append_printf (out, "\\%c", *p);
    }
  g_string_append_len (out, plain, end - plain);
  g_string_append_c (out, '"');
}

static gboolean
fail_unrepresentable (GVariant *value, const char *what, GError **error)
{
  g_set_error (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_UNREPRESENTABLE,
               "JSON has no form for %s (type “%s”)", what, g_variant_get_type_string (value));
  return FALSE;
}

static gboolean append_value (GString *out, GVariant *value, guint levels, GError **error);

static gboolean
append_array (GString *out, GVariant *array, guint levels, GError **error)
{
  gsize n = g_variant_n_children (array);

  g_string_append_c (out, '[');
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (array, i);

      if (i > 0)
        g_string_append_c (out, ',');
      if (!append_value (out, child, levels, error))
        return FALSE;
    }
  g_string_append_c (out, ']');

  return TRUE;
}

static gboolean
append_object (GString *out, GVariant *dictionary, guint levels, GError **error)
{
  gsize n = g_variant_n_children (dictionary);

  g_string_append_c (out, '{');
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (dictionary, i);
      g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) value = g_variant_get_child_value (entry, 1);

      if (i > 0)
        g_string_append_c (out, ',');
      channels_json_append_string (out, g_variant_get_string (key, NULL), -1);
      g_string_append_c (out, ':');
      if (!append_value (out, value, levels, error))
        return FALSE;
    }
  g_string_append_c (out, '}');

  return TRUE;
}

static gboolean
append_container (GString *out, GVariant *value, guint levels, GError **error)
{
  if (levels == 0)
    {
      g_set_error (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_TOO_DEEP,
                   "nested deeper than %d", CHANNELS_JSON_DEPTH_MAX);
      return FALSE;
    }

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
    return fail_unrepresentable (value, "bytes", error);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE ("a{s*}")))
    return append_object (out, value, levels - 1, error);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY))
    return fail_unrepresentable (value, "keys that are no strings", error);

  return append_array (out, value, levels - 1, error);
}

static void
append_signature (GString *out, const char *signature)
{
  if (*signature == '\0')
    g_string_append (out, "null");
  else
    channels_json_append_string (out, signature, -1);
}

static gboolean
append_double (GString *out, GVariant *value, GError **error)
{
  if (!isfinite (g_variant_get_double (value)))
    return fail_unrepresentable (value, "a number that is not finite", error);

  channels_json_append_double (out, g_variant_get_double (value));
  return TRUE;
}

static gboolean
append_value (GString *out, GVariant *value, guint levels, GError **error)
{
  g_autoptr (GVariant) inner = channels_variant_unwrap (value);

  switch (g_variant_classify (inner))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      g_string_append (out, g_variant_get_boolean (inner) ? "true" : "false");
      return TRUE;
    case G_VARIANT_CLASS_BYTE:
      g_string_append_printf (out, "%u", g_variant_get_byte (inner));
      return TRUE;
    case G_VARIANT_CLASS_INT16:
      g_string_append_printf (out, "%d", g_variant_get_int16 (inner));
      return TRUE;
    case G_VARIANT_CLASS_UINT16:
      g_string_append_printf (out, "%u", g_variant_get_uint16 (inner));
      return TRUE;
    case G_VARIANT_CLASS_INT32:
      g_string_append_printf (out, "%" G_GINT32_FORMAT, g_variant_get_int32 (inner));
      return TRUE;
    case G_VARIANT_CLASS_UINT32:
      g_string_append_printf (out, "%" G_GUINT32_FORMAT, g_variant_get_uint32 (inner));
      return TRUE;
    case G_VARIANT_CLASS_INT64:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, g_variant_get_int64 (inner));
      return TRUE;
    case G_VARIANT_CLASS_UINT64:
      g_string_append_printf (out, "%" G_GUINT64_FORMAT, g_variant_get_uint64 (inner));
      return TRUE;
    case G_VARIANT_CLASS_DOUBLE:
      return append_double (out, inner, error);
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
      channels_json_append_string (out, g_variant_get_string (inner, NULL), -1);
      return TRUE;
    case G_VARIANT_CLASS_SIGNATURE:
      append_signature (out, g_variant_get_string (inner, NULL));
      return TRUE;
    case G_VARIANT_CLASS_ARRAY:
    case G_VARIANT_CLASS_TUPLE:
      return append_container (out, inner, levels, error);
    case G_VARIANT_CLASS_HANDLE:
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
    case G_VARIANT_CLASS_DICT_ENTRY:
    default:
      return fail_unrepresentable (inner, "such a value", error);
    }
}

/**
 * channels_json_append_variant:
 * @out: a text
 * @value: any value; not consumed, floating or not
 * @error: return location for a `GError`, or `NULL`
 *
 * Appends @value as JSON without white space: the way back of channels_json_to_variant(), and more.
 * Integers of all sizes are integers, doubles are the shortest literal that is read as the same
 * double, object paths and signatures are strings (the empty signature is null), tuples are arrays,
 * and a dictionary whose keys are strings is an object. Variants are what is in them.
 *
 * Fails with `CHANNELS_JSON_ERROR_UNREPRESENTABLE` where JSON has no form for something in @value:
 * bytes (`ay`), NaN and the infinities, handles, maybe types, other keys than strings. Fails with
 * `CHANNELS_JSON_ERROR_TOO_DEEP` past 128 levels. @out is as long as before then.
 *
 * Returns: `TRUE` if @value was appended, `FALSE` with @error set otherwise
 */
gboolean
channels_json_append_variant (GString *out, GVariant *value, GError **error)
{
  gsize length;

  g_return_val_if_fail (out != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  length = out->len;
  if (append_value (out, value, CHANNELS_JSON_DEPTH_MAX, error))
    return TRUE;

  g_string_truncate (out, length);
  return FALSE;
}
