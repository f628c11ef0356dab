/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsJsonError:
 * @CHANNELS_JSON_ERROR_SYNTAX: not RFC 8259 JSON, or not UTF-8; code `invalid-json`
 * @CHANNELS_JSON_ERROR_STRING: `\u0000` or a lone surrogate; code `invalid-string`
 * @CHANNELS_JSON_ERROR_NUMBER: no int64, uint64 or finite double holds it, or its literal is longer
 * than %CHANNELS_JSON_NUMBER_MAX characters; code `invalid-number`
 * @CHANNELS_JSON_ERROR_TOO_DEEP: nested deeper than allowed; code `too-deep`
 * @CHANNELS_JSON_ERROR_TOO_MANY: more than %CHANNELS_JSON_VALUES_MAX values; code `too-many-values`
 * @CHANNELS_JSON_ERROR_NOT_AN_OBJECT: an object was wanted; code `not-an-object`
 * @CHANNELS_JSON_ERROR_NO_MEMBER: the object lacks the member that was asked for; code `no-message`
 * @CHANNELS_JSON_ERROR_UNREPRESENTABLE: a value that JSON has no form for: bytes, NaN, an infinity,
 * a handle, a dictionary with keys that are no strings; code `unrepresentable`
 *
 * Why a text is refused, or a value cannot become one.
 */
typedef enum
{
  CHANNELS_JSON_ERROR_SYNTAX,
  CHANNELS_JSON_ERROR_STRING,
  CHANNELS_JSON_ERROR_NUMBER,
  CHANNELS_JSON_ERROR_TOO_DEEP,
  CHANNELS_JSON_ERROR_TOO_MANY,
  CHANNELS_JSON_ERROR_NOT_AN_OBJECT,
  CHANNELS_JSON_ERROR_NO_MEMBER,
  CHANNELS_JSON_ERROR_UNREPRESENTABLE,
} ChannelsJsonError;

#define CHANNELS_JSON_ERROR (channels_json_error_quark ())
GQuark channels_json_error_quark (void);

#define CHANNELS_JSON_NUMBER_MAX 64
#define CHANNELS_JSON_VALUES_MAX 10000

const char *channels_json_error_get_code (const GError *error);

gboolean channels_json_validate (const char *text, gsize length, guint max_depth, GError **error);

gboolean channels_json_find_member (const char *text,
                                    gsize length,
                                    guint max_depth,
                                    const char *member,
                                    const char **out_value,
                                    gsize *out_value_length,
                                    GError **error);

GVariant *
channels_json_to_variant (const char *text, gsize length, guint max_depth, GError **error);

gboolean channels_json_append_variant (GString *out, GVariant *value, GError **error);

void channels_json_append_string (GString *out, const char *string, gssize length);

G_END_DECLS
