/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-names.h"

#include "channels-error.h"

#include <string.h>

/* Randomness in a name: 32 hexadecimal digits. */
#define RANDOM_WORDS 4
#define N_DIGITS (RANDOM_WORDS * 8)

/* What the name of a node begins with, as Django's does. */
#define NODE_HEAD "specific."

static gboolean
is_name_byte (char c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '_' || c == '.';
}

/* A bad name comes from anywhere and goes to terminals, logs and the bus: what is shown of it is
 * bounded, UTF-8, and has nothing that moves a cursor. */
static char *
quote_name (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name, (gssize) strnlen (name, CHANNELS_NAME_MAX));
  GString *quoted = g_string_new ("“");

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      g_string_append_unichar (quoted, g_unichar_isprint (c) ? c : 0xFFFD);
    }

  if (strnlen (name, CHANNELS_NAME_MAX + 1) > CHANNELS_NAME_MAX)
    g_string_append (quoted, "…");
  g_string_append (quoted, "”");

  return g_string_free (quoted, FALSE);
}

static gboolean
refuse_name (const char *kind, const char *name, const char *why, GError **error)
{
  g_autofree char *quoted = quote_name (name);

  g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_NAME, "%s is no %s name: %s", quoted,
               kind, why);
  return FALSE;
}

/**
 * channels_group_name_validate:
 * @name: what is said to be a group's name
 * @error: return location for a `GError`, or `NULL`
 *
 * A group's name has 1 to %CHANNELS_NAME_MAX bytes, each an ASCII letter, a digit, `-`, `_`
 * or `.`.
 *
 * Fails with `CHANNELS_ERROR_INVALID_NAME`, whose message is fit to be shown to whoever gave
 * @name.
 *
 * Returns: `TRUE` if @name can be a group's, `FALSE` with @error set otherwise
 */
gboolean
channels_group_name_validate (const char *name, GError **error)
{
  gsize length;

  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  length = strnlen (name, CHANNELS_NAME_MAX + 1);
  if (length < 1 || length > CHANNELS_NAME_MAX)
    return refuse_name ("group", name, "it must have 1 to 99 bytes", error);

  for (gsize i = 0; i < length; i++)
    if (!is_name_byte (name[i]))
      return refuse_name ("group", name, "only A-Z, a-z, 0-9, “-”, “_” and “.” are allowed", error);

  return TRUE;
}

/**
 * channels_channel_name_validate:
 * @name: what is said to be a channel's name
 * @error: return location for a `GError`, or `NULL`
 *
 * A channel's name is made as a group's, and may have one `!` inside: what stands before it, with
 * it, is the node's part, what follows is the local part. Neither is empty.
 *
 * Fails with `CHANNELS_ERROR_INVALID_NAME`, whose message is fit to be shown to whoever gave
 * @name.
 *
 * Returns: `TRUE` if @name can be a channel's, `FALSE` with @error set otherwise
 */
gboolean
channels_channel_name_validate (const char *name, GError **error)
{
  gsize length, n_marks = 0;

  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  length = strnlen (name, CHANNELS_NAME_MAX + 1);
  if (length < 1 || length > CHANNELS_NAME_MAX)
    return refuse_name ("channel", name, "it must have 1 to 99 bytes", error);

  for (gsize i = 0; i < length; i++)
    {
      if (name[i] == '!')
        n_marks++;
      else if (!is_name_byte (name[i]))
        return refuse_name ("channel", name,
                            "only A-Z, a-z, 0-9, “-”, “_”, “.” and one “!” are allowed", error);
    }

  if (n_marks > 1 || name[0] == '!' || name[length - 1] == '!')
    return refuse_name ("channel", name, "it may have one “!”, with something on either side",
                        error);

  return TRUE;
}

/* Unique, not secret: whoever may address a channel may list them all. So GLib's generator, seeded
 * by the kernel once, is random enough, and costs a connection no system call. */
static char *
append_random (const char *head, const char *tail)
{
  guint32 words[RANDOM_WORDS];

  for (guint i = 0; i < RANDOM_WORDS; i++)
    words[i] = g_random_int ();

  return g_strdup_printf ("%s%08x%08x%08x%08x%s", head, words[0], words[1], words[2], words[3],
                          tail);
}

/**
 * channels_node_prefix_new:
 *
 * Makes the part that all channels of one node share, as Django Channels does: `specific.`, 32
 * random hexadecimal digits and `!`. It is no channel's name by itself.
 *
 * Returns: (transfer full): a prefix for channels_channel_name_new()
 */
char *
channels_node_prefix_new (void)
{
  return append_random (NODE_HEAD, "!");
}

/**
 * channels_node_prefix_validate:
 * @text: anything
 *
 * Returns: whether channels_node_prefix_new() could have made it
 */
gboolean
channels_node_prefix_validate (const char *text)
{
  const char *digits = text + strlen (NODE_HEAD);

  return g_str_has_prefix (text, NODE_HEAD) && strspn (digits, "0123456789abcdef") == N_DIGITS &&
         g_str_equal (digits + N_DIGITS, "!");
}

/**
 * channels_channel_name_new:
 * @node_prefix: the node's part, up to and including `!`
 *
 * Makes a name that no other channel has: @node_prefix and 32 random hexadecimal digits.
 *
 * Returns: (transfer full): a channel's name
 */
char *
channels_channel_name_new (const char *node_prefix)
{
  g_return_val_if_fail (node_prefix != NULL, NULL);

  return append_random (node_prefix, "");
}
