/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-text.h"

static void
assert_escaped (const char *text, const char *expected)
{
  g_autofree char *escaped = channels_ctl_text_escape (text);

  g_assert_cmpstr (escaped, ==, expected);
}

static void
test_escapes_controls (void)
{
  g_test_summary ("C0, DEL and C1 are escaped, to the last of each");

  assert_escaped ("\x01\x1b[2J\x1f", "\\u0001\\u001b[2J\\u001f");
  assert_escaped ("\x7f", "\\u007f");
  assert_escaped ("\xc2\x80\xc2\x9b\xc2\x9f", "\\u0080\\u009b\\u009f");
}

static void
test_keeps_text (void)
{
  g_test_summary ("What is next to the control characters is text, and stays");

  assert_escaped (" ~\xc2\xa0", " ~\xc2\xa0");
  assert_escaped ("群組", "群組");
  assert_escaped ("", "");
}

static void
test_mends_encoding (void)
{
  g_test_summary ("Bytes that are no UTF-8 are replaced");

  assert_escaped ("a\xff", "a\xef\xbf\xbd");
}

static void
test_width (void)
{
  g_test_summary ("A wide character takes two columns, a combining one none");

  g_assert_cmpuint (channels_ctl_text_get_width ("abc"), ==, 3);
  g_assert_cmpuint (channels_ctl_text_get_width ("群組"), ==, 4);
  g_assert_cmpuint (channels_ctl_text_get_width ("e\xcc\x81"), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/ctl/text/escapes-controls", test_escapes_controls);
  g_test_add_func ("/ctl/text/keeps-text", test_keeps_text);
  g_test_add_func ("/ctl/text/mends-encoding", test_mends_encoding);
  g_test_add_func ("/ctl/text/width", test_width);

  return g_test_run ();
}
