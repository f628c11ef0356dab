/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-error.h"
#include "channels-names.h"

#include <string.h>

typedef struct
{
  const char *name;
  gboolean is_group;
  gboolean is_channel;
} Name;

static const Name names[] = {
  { "a", TRUE, TRUE },
  { "Z", TRUE, TRUE },
  { "0", TRUE, TRUE },
  { "-", TRUE, TRUE },
  { "_", TRUE, TRUE },
  { ".", TRUE, TRUE },
  { "chat_chat_room", TRUE, TRUE },
  { "chat.room-9_z", TRUE, TRUE },
  { "", FALSE, FALSE },
  { "a b", FALSE, FALSE },
  { "a\n", FALSE, FALSE },
  { "\na", FALSE, FALSE },
  { "a/b", FALSE, FALSE },
  { "a@b", FALSE, FALSE },
  { "a:b", FALSE, FALSE },
  { "a[b", FALSE, FALSE },
  { "a`b", FALSE, FALSE },
  { "a{b", FALSE, FALSE },
  { "聊天室", FALSE, FALSE },
  { "a\xff", FALSE, FALSE },
  { "specific.0123!4567", FALSE, TRUE },
  { "a!b", FALSE, TRUE },
  { "a!", FALSE, FALSE },
  { "!a", FALSE, FALSE },
  { "!", FALSE, FALSE },
  { "a!b!c", FALSE, FALSE },
  { "a!!b", FALSE, FALSE },
};

static void
test_names_of_the_table (void)
{
  g_test_summary ("Names are ASCII letters, digits, -, _ and .; a channel may have one ! inside");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_test_message ("name %u", i);
      g_assert_cmpint (channels_group_name_validate (names[i].name, NULL), ==, names[i].is_group);
      g_assert_cmpint (channels_channel_name_validate (names[i].name, NULL), ==,
                       names[i].is_channel);
    }
}

static void
test_names_are_bounded (void)
{
  g_autofree char *longest = g_strnfill (99, 'x');
  g_autofree char *too_long = g_strnfill (100, 'x');

  g_test_summary ("A name has 99 bytes at most, and a ! is one of them");

  g_assert_true (channels_group_name_validate (longest, NULL));
  g_assert_true (channels_channel_name_validate (longest, NULL));
  g_assert_false (channels_group_name_validate (too_long, NULL));
  g_assert_false (channels_channel_name_validate (too_long, NULL));

  longest[50] = too_long[50] = '!';
  g_assert_true (channels_channel_name_validate (longest, NULL));
  g_assert_false (channels_channel_name_validate (too_long, NULL));
}

static void
test_names_error_shows_the_name (void)
{
  g_autoptr (GError) error = NULL;

  g_test_summary ("The error says which name was refused");

  g_assert_false (channels_group_name_validate ("my room", &error));

  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_NAME);
  g_assert_nonnull (strstr (error->message, "“my room”"));
}

static void
test_names_error_is_fit_to_show (void)
{
  g_autofree char *endless = g_strnfill (100000, 'x');
  const char *const bad[] = { "\033[2J", "\xff\xfe", "a\r\nb", "\xe2\x80\xae!!", endless };

  g_test_summary ("Whatever the name, the error is short, UTF-8 and without control characters");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (channels_channel_name_validate (bad[i], &error));

      g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_NAME);
      g_assert_cmpuint (strlen (error->message), <, 400);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      for (const char *p = error->message; *p != '\0'; p = g_utf8_next_char (p))
        g_assert_true (g_unichar_isprint (g_utf8_get_char (p)));
    }
}

static void
test_names_made_are_valid (void)
{
  g_autofree char *prefix = channels_node_prefix_new ();
  g_autofree char *name = channels_channel_name_new (prefix);

  g_test_summary ("Names that are made have Django Channels' form, and are channels' names");

  g_assert_true (g_regex_match_simple ("^specific\\.[0-9a-f]{32}!$", prefix, 0, 0));
  g_assert_true (g_str_has_prefix (name, prefix));
  g_assert_true (g_regex_match_simple ("^[0-9a-f]{32}$", name + strlen (prefix), 0, 0));
  g_assert_true (channels_channel_name_validate (name, NULL));
  g_assert_false (channels_channel_name_validate (prefix, NULL));
}

static void
test_names_made_are_unique (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_test_summary ("No two of 20,000 names are the same");

  for (guint i = 0; i < 10000; i++)
    {
      g_assert_true (g_hash_table_add (seen, channels_channel_name_new ("node!")));
      g_assert_true (g_hash_table_add (seen, channels_node_prefix_new ()));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/names/table", test_names_of_the_table);
  g_test_add_func ("/names/bounded", test_names_are_bounded);
  g_test_add_func ("/names/error-shows-the-name", test_names_error_shows_the_name);
  g_test_add_func ("/names/error-is-fit-to-show", test_names_error_is_fit_to_show);
  g_test_add_func ("/names/made-are-valid", test_names_made_are_valid);
  g_test_add_func ("/names/made-are-unique", test_names_made_are_unique);

  return g_test_run ();
}
