/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-text.h"

/* C0, DEL and C1: what a terminal would obey instead of showing. */
static gboolean
is_control (gunichar character)
{
  return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

/**
 * channels_ctl_text_escape:
 * @text: any text; bytes that are no UTF-8 are replaced
 *
 * Makes a text safe to show on a terminal: each control character, U+007F to U+009F among them,
 * becomes `\u` and four hexadecimal digits. That is JSON's own escape, so a JSON text stays one,
 * and says the same.
 *
 * Returns: (transfer full): one line of printable UTF-8
 */
char *
channels_ctl_text_escape (const char *text)
{
  g_autofree char *valid = NULL;
  GString *escaped;

  g_return_val_if_fail (text != NULL, NULL);

  valid = g_utf8_make_valid (text, -1);
  escaped = g_string_sized_new (strlen (valid));
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar character = g_utf8_get_char (p);

      if (is_control (character))
        g_string_append_printf (escaped, "\\u%04x", character);
      else
        g_string_append_len (escaped, p, g_utf8_next_char (p) - p);
    }

  return g_string_free (escaped, FALSE);
}

/**
 * channels_ctl_text_get_width:
 * @text: UTF-8 without control characters
 *
 * Returns: how many columns of a terminal @text takes: two for a wide character, as Chinese has
 */
guint
channels_ctl_text_get_width (const char *text)
{
  guint width = 0;

  g_return_val_if_fail (text != NULL, 0);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar character = g_utf8_get_char (p);

      if (g_unichar_iswide (character))
        width += 2;
      else if (!g_unichar_iszerowidth (character))
        width++;
    }

  return width;
}
