/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-desktop-notification.h"

#include "channels-error.h"

#define KEY_TITLE "title"
#define KEY_BODY "body"

#define ELLIPSIS "…"

static gboolean
is_line_end (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return c == '\n' || type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* A copy without control characters, of at most @maximum characters; where it was longer, the last
 * of them says so. A line's end stays one, or becomes a space. */
static char *
clean (const char *text, gboolean one_line, guint maximum)
{
  g_autoptr (GString) cleaned = g_string_new (NULL);
  gsize before_last = 0;
  guint length = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (is_line_end (c))
        c = one_line ? ' ' : '\n';
      else if (c == '\t')
        c = ' ';
      else if (g_unichar_iscntrl (c))
        continue;

      if (length == maximum)
        {
          g_string_truncate (cleaned, before_last);
          g_string_append (cleaned, ELLIPSIS);
          break;
        }
      before_last = cleaned->len;
      g_string_append_unichar (cleaned, c);
      length++;
    }

  return g_strstrip (g_string_free (g_steal_pointer (&cleaned), FALSE));
}

static gboolean
fail (GError **error, const char *why)
{
  g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT, why);
  return FALSE;
}

/* @out_text: (transfer full) (nullable): the member's text; `NULL` where there is none. */
static gboolean
lookup_text (GVariant *dictionary, const char *key, GVariant **out_text, GError **error)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (dictionary, key, NULL);

  if (value != NULL && !g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return fail (error, "a notification's title and body are strings");

  *out_text = g_steal_pointer (&value);
  return TRUE;
}

/**
 * channels_desktop_notification_new:
 * @value: an event's `notification`
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes a notification of a dictionary with a `title` and, if there is more to say, a `body`. Both
 * lose their control characters and are cut, the title to #CHANNELS_DESKTOP_TITLE_MAX and the body
 * to #CHANNELS_DESKTOP_BODY_MAX characters. Other members are for who knows them.
 *
 * Fails with `CHANNELS_ERROR_INVALID_EVENT` if @value is no dictionary, either is no string, or
 * nothing is left of the title.
 *
 * Returns: (transfer full): a notification, or `NULL` with @error set
 */
ChannelsDesktopNotification *
channels_desktop_notification_new (GVariant *value, GError **error)
{
  g_autoptr (ChannelsDesktopNotification) self = NULL;
  g_autoptr (GVariant) title = NULL;
  g_autoptr (GVariant) body = NULL;

  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE ("a{s*}")))
    {
      fail (error, "a notification is a dictionary");
      return NULL;
    }
  if (!lookup_text (value, KEY_TITLE, &title, error) ||
      !lookup_text (value, KEY_BODY, &body, error))
    return NULL;

  self = g_new0 (ChannelsDesktopNotification, 1);
  self->title = clean (title != NULL ? g_variant_get_string (title, NULL) : "", TRUE,
                       CHANNELS_DESKTOP_TITLE_MAX);
  self->body = clean (body != NULL ? g_variant_get_string (body, NULL) : "", FALSE,
                      CHANNELS_DESKTOP_BODY_MAX);
  if (self->title[0] == '\0')
    {
      fail (error, "a notification has a title");
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * channels_desktop_notification_free:
 * @self: (nullable) (transfer full): a notification
 */
void
channels_desktop_notification_free (ChannelsDesktopNotification *self)
{
  if (self == NULL)
    return;

  g_free (self->title);
  g_free (self->body);
  g_free (self);
}
