/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-json.h"

#include "channels-ctl-text.h"

#include "channels-json.h"

/**
 * channels_ctl_json_line_new:
 * @value: what to say; consumed if floating
 * @error: return location for a `GError`, or `NULL`
 *
 * Says a value as JSON for a terminal: on one line, without control characters.
 *
 * Fails with `CHANNELS_JSON_ERROR_UNREPRESENTABLE` where JSON has no form for it.
 *
 * Returns: (transfer full) (nullable): the line with its line feed, or `NULL` with @error set
 */
char *
channels_ctl_json_line_new (GVariant *value, GError **error)
{
  g_autoptr (GVariant) sunk = NULL;
  g_autoptr (GString) json = NULL;
  g_autofree char *escaped = NULL;

  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  sunk = g_variant_ref_sink (value);
  json = g_string_new (NULL);
  if (!channels_json_append_variant (json, sunk, error))
    return NULL;

  escaped = channels_ctl_text_escape (json->str);
  return g_strconcat (escaped, "\n", NULL);
}
