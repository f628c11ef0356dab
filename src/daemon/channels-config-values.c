/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-config-values.h"

#include "channels-layer-bounds.h"
#include "channels-mistakes.h"
#include "channels-secret.h"

#include <string.h>

#define SECRET_MAX 4096 /* bytes of a secret's file */

#define CREDENTIALS_DIRECTORY "CREDENTIALS_DIRECTORY" /* the environment of a systemd service */

/* What is wrong, in words that follow the name of file, group and key. */
static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, format, args);
  va_end (args);

  return FALSE;
}

/**
 * channels_config_parse_boolean:
 * @text: what was found
 * @out_value: (out): its meaning
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: `TRUE` if @text is `true` or `false`, `FALSE` with
 *   `G_KEY_FILE_ERROR_INVALID_VALUE` otherwise
 */
gboolean
channels_config_parse_boolean (const char *text, gboolean *out_value, GError **error)
{
  g_autofree char *quoted = NULL;

  if (g_str_equal (text, "true") || g_str_equal (text, "false"))
    {
      *out_value = g_str_equal (text, "true");
      return TRUE;
    }

  quoted = channels_mistakes_quote (text);
  return refuse (error, "%s is neither true nor false", quoted);
}

/**
 * channels_config_parse_number:
 * @text: what was found
 * @minimum: the smallest that is allowed
 * @maximum: the largest
 * @out_value: (out): its meaning
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: `TRUE` if @text is decimal digits and in range, `FALSE` with
 *   `G_KEY_FILE_ERROR_INVALID_VALUE` otherwise
 */
gboolean
channels_config_parse_number (const char *text,
                              guint64 minimum,
                              guint64 maximum,
                              guint64 *out_value,
                              GError **error)
{
  g_autofree char *quoted = NULL;

  if (g_ascii_string_to_unsigned (text, 10, minimum, maximum, out_value, NULL))
    return TRUE;

  quoted = channels_mistakes_quote (text);
  return refuse (error, "%s is not a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                 quoted, minimum, maximum);
}

/**
 * channels_config_parse_listen:
 * @text: what was found
 * @out_address: (out) (transfer full): the IP address, in its canonical form, without brackets
 * @out_port: (out): the port, 0 for any that is free
 * @error: return location for a `GError`, or `NULL`
 *
 * Parses `ADDRESS:PORT`, where an IPv6 address stands in brackets.
 *
 * Returns: `TRUE` on success, `FALSE` with `G_KEY_FILE_ERROR_INVALID_VALUE` otherwise
 */
gboolean
channels_config_parse_listen (const char *text,
                              char **out_address,
                              guint16 *out_port,
                              GError **error)
{
  g_autoptr (GInetAddress) address = NULL;
  g_autofree char *quoted = channels_mistakes_quote (text);
  g_autofree char *host = NULL;
  const char *colon = strrchr (text, ':');
  gboolean bracketed;
  guint64 port;

  if (colon != NULL)
    {
      gsize length = (gsize) (colon - text);

      bracketed = length >= 2 && text[0] == '[' && text[length - 1] == ']';
      host = bracketed ? g_strndup (text + 1, length - 2) : g_strndup (text, length);
      address = g_inet_address_new_from_string (host);
      if (address != NULL &&
          bracketed != (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6))
        g_clear_object (&address);
    }
  if (address == NULL)
    return refuse (
        error, "%s is not ADDRESS:PORT with an IP address, such as 127.0.0.1:8484 or [::1]:8484",
        quoted);
  if (!g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
    return refuse (error, "the port of %s is not a whole number from 0 to %d", quoted, G_MAXUINT16);

  *out_address = g_inet_address_to_string (address);
  *out_port = (guint16) port;
  return TRUE;
}

/**
 * channels_config_parse_capacity:
 * @text: what was found
 * @out_pattern: (out) (transfer full): a channel's name, with the wildcards of a shell
 * @out_capacity: (out): messages that a channel of such a name holds
 * @error: return location for a `GError`, or `NULL`
 *
 * Parses `PATTERN:N`, an item of `ChannelCapacity=`.
 *
 * Returns: `TRUE` on success, `FALSE` with `G_KEY_FILE_ERROR_INVALID_VALUE` otherwise
 */
gboolean
channels_config_parse_capacity (const char *text,
                                char **out_pattern,
                                guint *out_capacity,
                                GError **error)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *pattern = g_strndup (text, colon != NULL ? (gsize) (colon - text) : 0);
  gsize length = strlen (pattern);
  guint64 capacity;

  if (length == 0 || length > CHANNELS_LAYER_CHANNEL_CAPACITY_PATTERN_MAX ||
      pattern[strspn (pattern, CHANNELS_LAYER_CHANNEL_CAPACITY_PATTERN)] != '\0' ||
      !g_ascii_string_to_unsigned (colon + 1, 10, 1, CHANNELS_LAYER_CAPACITY_MAX, &capacity, NULL))
    {
      g_autofree char *quoted = channels_mistakes_quote (text);

      return refuse (error,
                     "%s is not PATTERN:N, with a pattern of 1 to %d letters, digits and "
                     "-_.!*?[] and N from 1 to %d",
                     quoted, CHANNELS_LAYER_CHANNEL_CAPACITY_PATTERN_MAX,
                     CHANNELS_LAYER_CAPACITY_MAX);
    }

  *out_pattern = g_steal_pointer (&pattern);
  *out_capacity = (guint) capacity;
  return TRUE;
}

/**
 * channels_config_read_file:
 * @path: a file
 * @maximum: bytes that it may have
 * @error: return location for a `GError`, or `NULL`
 *
 * Reads a whole text file, and never more than @maximum bytes of it.
 *
 * Fails with a `G_IO_ERROR` where it cannot be read, and with
 * `G_KEY_FILE_ERROR_INVALID_VALUE` where it is larger or not UTF-8. No message repeats
 * what is in the file.
 *
 * Returns: (transfer full): the text; `NULL` with @error set otherwise
 */
char *
channels_config_read_file (const char *path, gsize maximum, GError **error)
{
  g_autoptr (GFile) file = NULL;
  g_autoptr (GFileInputStream) stream = NULL;
  g_autofree char *text = NULL;
  gsize length;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  file = g_file_new_for_path (path);
  stream = g_file_read (file, NULL, error);
  if (stream == NULL)
    return NULL;

  text = g_malloc (maximum + 1);
  if (!g_input_stream_read_all (G_INPUT_STREAM (stream), text, maximum + 1, &length, NULL, error))
    return NULL;

  if (length > maximum)
    refuse (error, "is larger than the %" G_GSIZE_FORMAT " bytes that are allowed", maximum);
  else if (!g_utf8_validate_len (text, length, NULL))
    refuse (error, "is not text in UTF-8");
  else
    {
      text[length] = '\0';
      return g_steal_pointer (&text);
    }

  return NULL;
}

/**
 * channels_config_read_secret:
 * @name: an absolute path, or the name of a systemd credential of this service
 * @error: return location for a `GError`, or `NULL`
 *
 * Reads a secret from a file of its own, less a newline at its end. The error's message repeats
 * neither the secret nor @name, which may be the secret where somebody was mistaken.
 *
 * Returns: (transfer full): the secret; `NULL` with `G_KEY_FILE_ERROR_INVALID_VALUE` otherwise
 */
char *
channels_config_read_secret (const char *name, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (ChannelsSecret) secret = NULL;
  const char *directory = g_getenv (CREDENTIALS_DIRECTORY);
  gsize length;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (g_path_is_absolute (name))
    path = g_strdup (name);
  else if (directory != NULL && strchr (name, '/') == NULL)
    path = g_build_filename (directory, name, NULL);

  /* Regular: a terminal or a pipe would keep the start waiting. */
  if (path == NULL || !g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      refuse (error, "names neither a file by its absolute path nor a credential in $%s",
              CREDENTIALS_DIRECTORY);
      return NULL;
    }
  secret = channels_config_read_file (path, SECRET_MAX, &local_error);
  if (secret == NULL)
    {
      refuse (error, "the file cannot be used: it must be readable text of 1 to %d bytes",
              SECRET_MAX);
      return NULL;
    }

  length = strlen (secret);
  if (length > 0 && secret[length - 1] == '\n')
    secret[--length] = '\0';
  if (length == 0)
    {
      refuse (error, "the file is empty: it must be readable text of 1 to %d bytes", SECRET_MAX);
      return NULL;
    }

  return g_steal_pointer (&secret);
}
