/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-keyfile.h"

#include <string.h>

#define NAME "a.conf"

static GPtrArray *
read_whole (const char *text)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  ChannelsMistakes mistakes = { texts, NAME };
  GPtrArray *groups = channels_keyfile_read (text, &mistakes);

  g_assert_cmpuint (texts->len, ==, 0);

  return groups;
}

static void
assert_mistake (const char *text, const char *expected)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  ChannelsMistakes mistakes = { texts, NAME };
  g_autoptr (GPtrArray) groups = channels_keyfile_read (text, &mistakes);

  g_assert_nonnull (groups);
  g_assert_cmpuint (texts->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (texts, 0), ==, expected);
}

static void
assert_items (const char *value, gboolean list, const char *const *expected)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) items = channels_keyfile_split (value, list, &error);

  g_assert_no_error (error);
  g_assert_cmpstrv (items, expected);
}

static void
test_keyfile_keeps_order_and_lines (void)
{
  g_autoptr (GPtrArray) groups = NULL;
  const ChannelsKeyfileGroup *group;
  const ChannelsKeyfileEntry *entry;

  g_test_summary ("Groups and keys come in the order of the file, and know their lines");

  groups = read_whole ("# a comment\r\n\n [Two words] \r\n  b =  x = y  \n#c=1\na=\n[B]");

  g_assert_cmpuint (groups->len, ==, 2);
  group = g_ptr_array_index (groups, 0);
  g_assert_cmpstr (group->name, ==, "Two words");
  g_assert_cmpuint (group->line, ==, 3);
  g_assert_cmpuint (group->entries->len, ==, 2);
  entry = g_ptr_array_index (group->entries, 0);
  g_assert_cmpstr (entry->key, ==, "b");
  g_assert_cmpstr (entry->value, ==, "x = y");
  g_assert_cmpuint (entry->line, ==, 4);
  entry = g_ptr_array_index (group->entries, 1);
  g_assert_cmpstr (entry->key, ==, "a");
  g_assert_cmpstr (entry->value, ==, "");
  group = g_ptr_array_index (groups, 1);
  g_assert_cmpstr (group->name, ==, "B");
  g_assert_cmpuint (group->line, ==, 7);
}

static void
test_keyfile_tells_what_is_twice (void)
{
  g_test_summary ("A group or a key that is there twice is a mistake, and not merged");

  assert_mistake ("[A]\nx=1\n[B]\nx=1\n[A]\ny=2\n",
                  "a.conf:5: [A]: is there already, in line 1: a group is allowed once");
  assert_mistake ("[A]\nx=1\n\nx=1\n",
                  "a.conf:4: [A] x: is there already, in line 2: a key is allowed once");
}

static void
test_keyfile_tells_what_it_cannot_read (void)
{
  g_autofree char *long_name = g_strnfill (101, 'x');
  g_autofree char *long_group = g_strdup_printf ("[%s]", long_name);

  g_test_summary ("A line that is none of a keyfile's is told by its number alone");

  assert_mistake ("[A]\nsecret", "a.conf:2: [A]: a line is KEY=VALUE, [GROUP], or begins with #");
  assert_mistake ("[A]\nsec ret=x",
                  "a.conf:2: [A]: a line is KEY=VALUE, [GROUP], or begins with #");
  assert_mistake ("[A]\n=x", "a.conf:2: [A]: a line is KEY=VALUE, [GROUP], or begins with #");
  assert_mistake ("x=1", "a.conf:1: x: a key is allowed in a [GROUP] only");
  assert_mistake ("[A\nx=1", "a.conf:1: a group is a line of the form [NAME]");
  assert_mistake ("[", "a.conf:1: a group is a line of the form [NAME]");
  assert_mistake ("[]", "a.conf:1: a group's name is 1 to 100 printable bytes without [ and ]");
  assert_mistake ("[a]]", "a.conf:1: a group's name is 1 to 100 printable bytes without [ and ]");
  assert_mistake ("[a\033[2J]",
                  "a.conf:1: a group's name is 1 to 100 printable bytes without [ and ]");
  assert_mistake (long_group,
                  "a.conf:1: a group's name is 1 to 100 printable bytes without [ and ]");
}

static void
test_keyfile_takes_the_longest_group (void)
{
  g_autofree char *name = g_strnfill (100, 'x');
  g_autofree char *text = g_strdup_printf ("[%s]", name);
  g_autoptr (GPtrArray) groups = NULL;

  g_test_summary ("A group's name of 100 bytes is one");

  groups = read_whole (text);

  g_assert_cmpuint (groups->len, ==, 1);
}

static void
test_keyfile_bounds_its_mistakes (void)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) groups = NULL;
  g_autoptr (GString) text = g_string_new ("[A]\n");
  ChannelsMistakes mistakes = { texts, NAME };

  g_test_summary ("However wrong a file is, no more than a hundred mistakes are told");

  for (guint i = 0; i < 2 * CHANNELS_MISTAKES_MAX; i++)
    g_string_append (text, "?\n");
  groups = channels_keyfile_read (text->str, &mistakes);

  g_assert_cmpuint (texts->len, ==, CHANNELS_MISTAKES_MAX);
}

static void
test_keyfile_splits_values (void)
{
  g_test_summary ("Lists are separated by ; and escapes are resolved");

  assert_items ("", TRUE, (const char *const[]){ NULL });
  assert_items ("", FALSE, (const char *const[]){ "", NULL });
  assert_items ("a;b", FALSE, (const char *const[]){ "a;b", NULL });
  assert_items ("a;b", TRUE, (const char *const[]){ "a", "b", NULL });
  assert_items ("a; b;", TRUE, (const char *const[]){ "a", "b", NULL });
  assert_items ("a;;b", TRUE, (const char *const[]){ "a", "", "b", NULL });
  assert_items ("a\\;b;\\sc", TRUE, (const char *const[]){ "a;b", " c", NULL });
  assert_items ("\\n\\t\\r\\\\", FALSE, (const char *const[]){ "\n\t\r\\", NULL });
}

static void
test_keyfile_refuses_other_escapes (void)
{
  const char *const values[] = { "secret\\q", "secret\\" };

  g_test_summary ("An escape that is none is an error, which does not repeat the value");

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) items = channels_keyfile_split (values[i], TRUE, &error);

      g_assert_null (items);
      g_assert_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE);
      g_assert_null (strstr (error->message, "secret"));
    }
}

static void
test_quote_is_fit_for_a_terminal (void)
{
  g_autofree char *longest = g_strnfill (64, 'x');
  g_autofree char *longer = g_strnfill (65, 'x');
  g_autofree char *control = channels_mistakes_quote ("a\033[2J");
  g_autofree char *whole = channels_mistakes_quote (longest);
  g_autofree char *cut = channels_mistakes_quote (longer);
  g_autofree char *url = channels_mistakes_quote ("redis://user:secret@host");
  g_autofree char *address = channels_mistakes_quote ("unix:///r?password=secret");

  g_test_summary ("What a message repeats is short, printable and no secret");

  g_assert_cmpstr (control, ==, "“a\uFFFD[2J”");
  g_assert_true (g_str_has_suffix (whole, "x”"));
  g_assert_true (g_str_has_suffix (cut, "x…”"));
  g_assert_cmpstr (url, ==, "a value that may have a password");
  g_assert_cmpstr (address, ==, "a value that may have a password");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/keyfile/order", test_keyfile_keeps_order_and_lines);
  g_test_add_func ("/keyfile/twice", test_keyfile_tells_what_is_twice);
  g_test_add_func ("/keyfile/unreadable", test_keyfile_tells_what_it_cannot_read);
  g_test_add_func ("/keyfile/longest-group", test_keyfile_takes_the_longest_group);
  g_test_add_func ("/keyfile/bounded", test_keyfile_bounds_its_mistakes);
  g_test_add_func ("/keyfile/split", test_keyfile_splits_values);
  g_test_add_func ("/keyfile/escapes", test_keyfile_refuses_other_escapes);
  g_test_add_func ("/keyfile/quote", test_quote_is_fit_for_a_terminal);

  return g_test_run ();
}
