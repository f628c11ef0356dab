/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-section.h"

#include "channels-ctl-text.h"

#include <string.h>

/* The escapes of GKeyFile, which channelsd resolves: see channels.conf(5). */
static void
append_value (GString *text, const char *value, gboolean item)
{
  for (const char *p = value; *p != '\0'; p++)
    {
      /* White space around a value, or in front of an item, would be left out. */
      if (*p == ' ' && (p == value || p[1] == '\0'))
        g_string_append (text, "\\s");
      else if (*p == '\n')
        g_string_append (text, "\\n");
      else if (*p == '\r')
        g_string_append (text, "\\r");
      else if (*p == '\t')
        g_string_append (text, "\\t");
      else if (*p == '\\' || (*p == ';' && item))
        g_string_append_printf (text, "\\%c", *p);
      else
        g_string_append_c (text, *p);
    }
}

static void
append_comment (GString *text, const char *comment)
{
  g_autofree char *escaped = channels_ctl_text_escape (comment);

  g_string_append_printf (text, "# %s\n", escaped);
}

/**
 * channels_ctl_section_init:
 * @self: a section
 * @name: its name
 * @origin: where it comes from, for the comment that it begins with
 */
void
channels_ctl_section_init (ChannelsCtlSection *self, const char *name, const char *origin)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);
  g_return_if_fail (origin != NULL);

  self->text = g_string_new (NULL);
  self->notes = g_ptr_array_new_with_free_func (g_free);
  self->secret = FALSE;
  append_comment (self->text, origin);
  g_string_append_printf (self->text, "[%s]\n", name);
}

/**
 * channels_ctl_section_clear:
 * @self: a section, or zeroes
 */
void
channels_ctl_section_clear (ChannelsCtlSection *self)
{
  if (self->text != NULL)
    g_string_free (g_steal_pointer (&self->text), TRUE);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
}

/**
 * channels_ctl_section_add:
 * @self: a section
 * @key: a key
 * @value: UTF-8, neither empty nor with a form feed at an end: there is no escape for that
 *
 * Adds a line.
 */
void
channels_ctl_section_add (ChannelsCtlSection *self, const char *key, const char *value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (key != NULL);
  g_return_if_fail (value != NULL);

  g_string_append_printf (self->text, "%s=", key);
  append_value (self->text, value, FALSE);
  g_string_append_c (self->text, '\n');
}

/**
 * channels_ctl_section_add_list:
 * @self: a section
 * @key: a key
 * @items: (element-type utf8): at least one; as in channels_ctl_section_add()
 *
 * Adds a line with a list.
 */
void
channels_ctl_section_add_list (ChannelsCtlSection *self, const char *key, GPtrArray *items)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (key != NULL);
  g_return_if_fail (items != NULL && items->len > 0);

  g_string_append_printf (self->text, "%s=", key);
  for (guint i = 0; i < items->len; i++)
    {
      if (i > 0)
        g_string_append_c (self->text, ';');
      append_value (self->text, g_ptr_array_index (items, i), TRUE);
    }
  g_string_append_c (self->text, '\n');
}

/**
 * channels_ctl_section_add_note:
 * @self: a section
 * @format: what the user should know, as for printf(), in the user's language
 * @...: what it holds
 *
 * Adds a comment, on one line whatever it holds, and keeps it as a note.
 */
void
channels_ctl_section_add_note (ChannelsCtlSection *self, const char *format, ...)
{
  va_list arguments;
  char *note;

  g_return_if_fail (self != NULL);
  g_return_if_fail (format != NULL);

  va_start (arguments, format);
  note = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  append_comment (self->text, note);
  g_ptr_array_add (self->notes, note);
}
