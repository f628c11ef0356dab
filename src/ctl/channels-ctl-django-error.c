/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-django-error.h"

#include "channels-ctl-error.h"
#include "channels-ctl-python.h"

#include <glib/gi18n.h>

/* What is wrong with a setting. The messages have its name, and never its value, which may be a
 * secret. */

/**
 * channels_ctl_django_fail:
 * @error: return location for a `GError`, or `NULL`
 * @name: of the setting
 * @format: what is wrong, as for printf(), in the user's language
 * @...: what it holds
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED`.
 *
 * Returns: `FALSE`
 */
gboolean
channels_ctl_django_fail (GError **error, const char *name, const char *format, ...)
{
  g_autofree char *why = NULL;
  va_list arguments;

  va_start (arguments, format);
  why = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  /* Translators: a setting of Django, then what is wrong with it. */
  g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED, _ ("%s: %s"), name, why);
  return FALSE;
}

/**
 * channels_ctl_django_fail_type:
 * @error: return location for a `GError`, or `NULL`
 * @name: of the setting
 * @wanted: what it should be, in the user's language
 * @value: what it is
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED`.
 *
 * Returns: `FALSE`
 */
gboolean
channels_ctl_django_fail_type (GError **error,
                               const char *name,
                               const char *wanted,
                               GVariant *value)
{
  g_autofree char *type = channels_ctl_python_get_type (value);

  /* Translators: what a setting should be, then the name of a type of Python. */
  return channels_ctl_django_fail (error, name, _ ("%s is wanted, not %s"), wanted, type);
}

/**
 * channels_ctl_django_get_integer:
 * @value: what a setting is
 * @name: of the setting
 * @minimum: the smallest that it may be
 * @maximum: the largest
 * @out_integer: (out): the integer that it is; text of digits counts as one, since settings often
 *   come from the environment
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED`.
 *
 * Returns: `TRUE`, or `FALSE` with @error set
 */
gboolean
channels_ctl_django_get_integer (GVariant *value,
                                 const char *name,
                                 int minimum,
                                 int maximum,
                                 gint64 *out_integer,
                                 GError **error)
{
  g_autofree char *text = channels_ctl_python_dup_text (value);
  gint64 integer;

  if (text != NULL ? g_ascii_string_to_signed (text, 10, minimum, maximum, out_integer, NULL)
                   : channels_ctl_python_get_integer (value, &integer) && integer >= minimum &&
                         integer <= maximum)
    {
      if (text == NULL)
        *out_integer = integer;
      return TRUE;
    }

  return channels_ctl_django_fail (error, name, _ ("a whole number from %d to %d is wanted"),
                                   minimum, maximum);
}
