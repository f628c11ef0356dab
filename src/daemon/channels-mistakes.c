/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-mistakes.h"

#include <string.h>

#define QUOTED_MAX 64 /* characters of a value that a message repeats */

/**
 * channels_mistakes_quote:
 * @text: UTF-8 that somebody wrote
 *
 * Makes @text fit to be shown on a terminal: without control characters and
 * not long. What could be a URL with a password in it is not repeated.
 *
 * Returns: (transfer full): @text in quotation marks, or words in its place
 */
char *
channels_mistakes_quote (const char *text)
{
  g_autoptr (GString) quoted = NULL;
  guint n = 0;

  g_return_val_if_fail (text != NULL, NULL);

  if (strchr (text, '@') != NULL || (strstr (text, "://") != NULL && strchr (text, '?') != NULL))
    return g_strdup ("a value that may have a password");

  quoted = g_string_new ("“");
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (++n > QUOTED_MAX)
        {
          g_string_append (quoted, "…");
          break;
        }
      g_string_append_unichar (quoted, g_unichar_isprint (c) ? c : 0xfffd);
    }
  g_string_append (quoted, "”");

  return g_string_free (g_steal_pointer (&quoted), FALSE);
}

/**
 * channels_place_add_mistake:
 * @self: what the mistake is in
 * @format: what was found and what is allowed
 * @...: the arguments of @format, none of them a secret
 *
 * Tells a mistake: `FILE:LINE: [GROUP] KEY: …`, less what is not known.
 */
void
channels_place_add_mistake (const ChannelsPlace *self, const char *format, ...)
{
  g_autoptr (GString) text = NULL;
  va_list args;

  g_return_if_fail (self != NULL);
  g_return_if_fail (format != NULL);

  if (self->mistakes->texts->len >= CHANNELS_MISTAKES_MAX)
    return;

  text = g_string_new (self->mistakes->source);
  if (self->line > 0)
    g_string_append_printf (text, ":%u", self->line);
  g_string_append (text, ": ");
  if (self->group != NULL)
    g_string_append_printf (text, "[%s]%s", self->group, self->key != NULL ? " " : ": ");
  if (self->key != NULL)
    g_string_append_printf (text, "%s: ", self->key);

  va_start (args, format);
  g_string_append_vprintf (text, format, args);
  va_end (args);

  g_ptr_array_add (self->mistakes->texts, g_string_free (g_steal_pointer (&text), FALSE));
}
