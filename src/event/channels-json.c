/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-json.h"

#include "channels-json-reader.h"

G_DEFINE_QUARK (channels_json_error_quark, channels_json_error)

/* What a browser is told. */
static const char *const codes[] = {
  [CHANNELS_JSON_ERROR_SYNTAX] = "invalid-json",
  [CHANNELS_JSON_ERROR_STRING] = "invalid-string",
  [CHANNELS_JSON_ERROR_NUMBER] = "invalid-number",
  [CHANNELS_JSON_ERROR_TOO_DEEP] = "too-deep",
  [CHANNELS_JSON_ERROR_TOO_MANY] = "too-many-values",
  [CHANNELS_JSON_ERROR_NOT_AN_OBJECT] = "not-an-object",
  [CHANNELS_JSON_ERROR_NO_MEMBER] = "no-message",
  [CHANNELS_JSON_ERROR_UNREPRESENTABLE] = "unrepresentable",
};

G_STATIC_ASSERT (G_N_ELEMENTS (codes) == CHANNELS_JSON_ERROR_UNREPRESENTABLE + 1);

/**
 * channels_json_error_get_code:
 * @error: of the domain %CHANNELS_JSON_ERROR
 *
 * Returns: (transfer none): the `code` by which clients know this kind of error
 */
const char *
channels_json_error_get_code (const GError *error)
{
  g_return_val_if_fail (error != NULL && error->domain == CHANNELS_JSON_ERROR, NULL);
  g_return_val_if_fail ((guint) error->code < G_N_ELEMENTS (codes), NULL);

  return codes[error->code];
}

/**
 * channels_json_validate:
 * @text: (nullable): need not end with NUL; `NULL` if @length is 0
 * @length: bytes of @text
 * @max_depth: arrays and objects that may be open at once: a lone string has depth 0, `[]` has 1
 * @error: return location for a `GError`, or `NULL`
 *
 * Checks that @text is one value in strict JSON (RFC 8259, UTF-8, no byte order mark), which
 * whoever may receive it can hold.
 *
 * Fails with `CHANNELS_JSON_ERROR_SYNTAX`, `_STRING`, `_NUMBER`, `_TOO_DEEP` or `_TOO_MANY`,
 * whichever stands first in @text.
 *
 * Returns: `TRUE` if @text is good, `FALSE` with @error set otherwise
 */
gboolean
channels_json_validate (const char *text, gsize length, guint max_depth, GError **error)
{
  ChannelsJsonReader reader;

  g_return_val_if_fail (text != NULL || length == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  channels_json_reader_init (&reader, text, length, max_depth);
  do
    if (!channels_json_reader_next (&reader, error))
      return FALSE;
  while (reader.token != CHANNELS_JSON_TOKEN_END);

  return TRUE;
}

/**
 * channels_json_find_member:
 * @text: (nullable): need not end with NUL; `NULL` if @length is 0
 * @length: bytes of @text
 * @max_depth: as in channels_json_validate(); the object itself is the first
 * @member: a name, UTF-8
 * @out_value: (out) (transfer none): where its value starts, inside @text
 * @out_value_length: (out): bytes of the value, without the white space around it
 * @error: return location for a `GError`, or `NULL`
 *
 * Validates the whole of @text, and finds one member of the object that it is. Names are compared
 * by what they say, not by how they are escaped; of several with one name the last counts, as in
 * Python and JavaScript.
 *
 * Fails as channels_json_validate() does, with `CHANNELS_JSON_ERROR_NOT_AN_OBJECT` if a good @text
 * is no object, and with `CHANNELS_JSON_ERROR_NO_MEMBER` if it lacks @member.
 *
 * Returns: `TRUE` if the member was found, `FALSE` with @error set otherwise
 */
gboolean
channels_json_find_member (const char *text,
                           gsize length,
                           guint max_depth,
                           const char *member,
                           const char **out_value,
                           gsize *out_value_length,
                           GError **error)
{
  ChannelsJsonReader reader;
  gboolean is_object, is_wanted = FALSE;
  const char *start = NULL, *end = NULL;

  g_return_val_if_fail (text != NULL || length == 0, FALSE);
  g_return_val_if_fail (member != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  channels_json_reader_init (&reader, text, length, max_depth);
  if (!channels_json_reader_next (&reader, error))
    return FALSE;
  is_object = reader.token == CHANNELS_JSON_TOKEN_OBJECT;

  while (reader.token != CHANNELS_JSON_TOKEN_END)
    {
      gboolean is_first;

      is_first = is_wanted && reader.token == CHANNELS_JSON_TOKEN_KEY && reader.depth == 1;
      if (!channels_json_reader_next (&reader, error))
        return FALSE;

      if (is_first)
        start = reader.start;

      if (is_object && reader.depth == 1)
        {
          if (reader.token == CHANNELS_JSON_TOKEN_KEY)
            is_wanted = channels_json_reader_string_equals (&reader, member);
          else if (is_wanted)
            end = reader.start + reader.length;
        }
    }

  if (!is_object)
    {
      g_set_error_literal (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_NOT_AN_OBJECT,
                           "an object was expected");
      return FALSE;
    }
  if (end == NULL)
    {
      g_set_error (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_NO_MEMBER,
                   "the object has no member “%s”", member);
      return FALSE;
    }

  *out_value = start;
  *out_value_length = (gsize) (end - start);
  return TRUE;
}
