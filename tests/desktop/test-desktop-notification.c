/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-desktop-notification.h"

#include "channels-error.h"

#define PARSED(text) g_variant_ref_sink (g_variant_new_parsed (text))

static void
assert_notification (GVariant *value, const char *title, const char *body)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsDesktopNotification) notification =
      channels_desktop_notification_new (owned, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (notification->title, ==, title);
  g_assert_cmpstr (notification->body, ==, body);
}

static void
assert_refused (const char *text)
{
  g_autoptr (GVariant) value = PARSED (text);
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", text);
  g_assert_null (channels_desktop_notification_new (value, &error));
  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
}

static GVariant *
make (const char *title, const char *body)
{
  return g_variant_new_parsed ("{'title': <%s>, 'body': <%s>}", title, body);
}

static void
test_notification_of_either_dictionary (void)
{
  g_test_summary ("Title and body may lie in variants or not; there may be no body, and more");

  assert_notification (make ("a", "b"), "a", "b");
  assert_notification (g_variant_new_parsed ("{'title': 'a', 'body': 'b'}"), "a", "b");
  assert_notification (g_variant_new_parsed ("{'title': <'a'>, 'icon': <7>}"), "a", "");
}

static void
test_notification_refused (void)
{
  g_test_summary ("What is no notification is none");

  assert_refused ("'a'");
  assert_refused ("<'a'>");
  assert_refused ("@av []");
  assert_refused ("@a{sv} {}");
  assert_refused ("@a{iv} {1: <'a'>}");
  assert_refused ("{'body': <'b'>}");
  assert_refused ("{'title': <1>, 'body': <'b'>}");
  assert_refused ("{'title': <'a'>, 'body': <['b']>}");
  assert_refused ("{'title': <''>}");
  assert_refused ("{'title': <' \\n\\u0007\\t '>}");
}

static void
test_notification_is_clean (void)
{
  g_test_summary ("Control characters go, and a title is one line");

  assert_notification (make ("a\nb\xe2\x80\xa8"
                             "c\td",
                             "a\nb\xe2\x80\xa9"
                             "c\td"),
                       "a b c d", "a\nb\nc d");
  assert_notification (make ("\x1b[31mred\x7f", "be\x07ll\xc2\x85\r\n"), "[31mred", "bell");
  assert_notification (make ("<b>&amp;</b>", "<img src='x'>"), "<b>&amp;</b>", "<img src='x'>");
}

static void
assert_length (guint characters, guint expected_title, guint expected_body, gboolean cut)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (ChannelsDesktopNotification) notification = NULL;
  g_autoptr (GVariant) value = NULL;

  for (guint i = 0; i < characters; i++)
    g_string_append (text, "é");
  value = g_variant_ref_sink (make (text->str, text->str));
  notification = channels_desktop_notification_new (value, NULL);

  g_assert_cmpint (g_utf8_strlen (notification->title, -1), ==, expected_title);
  g_assert_cmpint (g_utf8_strlen (notification->body, -1), ==, expected_body);
  g_assert_cmpint (g_str_has_suffix (notification->title, "…"), ==, cut);
}

static void
test_notification_is_bounded (void)
{
  g_test_summary ("A title and a body of the largest size are whole, and longer ones are cut");

  assert_length (CHANNELS_DESKTOP_TITLE_MAX, CHANNELS_DESKTOP_TITLE_MAX, CHANNELS_DESKTOP_TITLE_MAX,
                 FALSE);
  assert_length (CHANNELS_DESKTOP_TITLE_MAX + 1, CHANNELS_DESKTOP_TITLE_MAX,
                 CHANNELS_DESKTOP_TITLE_MAX + 1, TRUE);
  assert_length (CHANNELS_DESKTOP_BODY_MAX, CHANNELS_DESKTOP_TITLE_MAX, CHANNELS_DESKTOP_BODY_MAX,
                 TRUE);
  assert_length (500000, CHANNELS_DESKTOP_TITLE_MAX, CHANNELS_DESKTOP_BODY_MAX, TRUE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/notification/dictionary", test_notification_of_either_dictionary);
  g_test_add_func ("/notification/refused", test_notification_refused);
  g_test_add_func ("/notification/clean", test_notification_is_clean);
  g_test_add_func ("/notification/bounded", test_notification_is_bounded);

  return g_test_run ();
}
