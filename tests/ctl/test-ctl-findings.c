/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-deadline.h"
#include "channels-ctl-findings.h"
#include "channels-ctl-json.h"
#include "channels-test-wait.h"

static ChannelsCtlFindings *
make_findings (void)
{
  ChannelsCtlFindings *findings = channels_ctl_findings_new ();

  channels_ctl_findings_add (findings, "one", CHANNELS_CTL_STATE_OK, NULL, "all is %s", "well");
  channels_ctl_findings_add (findings, "longer", CHANNELS_CTL_STATE_ERROR, g_strdup ("rm \033\xff"),
                             "not \033\xff so");

  return findings;
}

static void
test_text (void)
{
  g_autoptr (ChannelsCtlFindings) findings = make_findings ();
  g_autofree char *plain = channels_ctl_findings_to_text (findings, FALSE);
  g_autofree char *coloured = channels_ctl_findings_to_text (findings, TRUE);

  g_test_summary ("A line for each, one more for what to do, and nothing that a terminal obeys");

  g_assert_cmpstr (plain, ==,
                   "ok       one     all is well\n"
                   "error    longer  not \\u001b\xef\xbf\xbd so\n"
                   "         → rm \\u001b\xef\xbf\xbd\n");
  g_assert_cmpstr (coloured, ==,
                   "\033[32mok\033[0m       one     all is well\n"
                   "\033[31merror\033[0m    longer  not \\u001b\xef\xbf\xbd so\n"
                   "         → rm \\u001b\xef\xbf\xbd\n");
}

static void
test_json (void)
{
  g_autoptr (ChannelsCtlFindings) findings = make_findings ();
  g_autoptr (GError) error = NULL;
  g_autofree char *line =
      channels_ctl_json_line_new (channels_ctl_findings_to_variant (findings), &error);

  g_test_summary ("In JSON each has the same four members");

  g_assert_no_error (error);
  g_assert_cmpstr (
      line, ==,
      "[{\"check\":\"one\",\"state\":\"ok\",\"text\":\"all is well\",\"remedy\":null},"
      "{\"check\":\"longer\",\"state\":\"error\",\"text\":\"not \\u001b\xef\xbf\xbd so\","
      "\"remedy\":\"rm \\u001b\xef\xbf\xbd\"}]\n");
}

static void
test_count (void)
{
  g_autoptr (ChannelsCtlFindings) findings = make_findings ();

  g_test_summary ("What needs to be done is counted: warnings and errors");

  channels_ctl_findings_add (findings, "one", CHANNELS_CTL_STATE_SKIPPED, NULL, "no");
  g_assert_cmpuint (channels_ctl_findings_count (findings, NULL), ==, 1);
  g_assert_cmpuint (channels_ctl_findings_count (findings, "one"), ==, 0);

  channels_ctl_findings_add (findings, "one", CHANNELS_CTL_STATE_WARNING, NULL, "mind");
  g_assert_cmpuint (channels_ctl_findings_count (findings, NULL), ==, 2);
  g_assert_cmpuint (channels_ctl_findings_count (findings, "one"), ==, 1);
}

static void
test_deadline (void)
{
  g_autoptr (ChannelsCtlDeadline) soon = channels_ctl_deadline_new (1);
  g_autoptr (ChannelsCtlDeadline) late = channels_ctl_deadline_new (CHANNELS_TEST_DEADLINE);
  GCancellable *cancellable = channels_ctl_deadline_get_cancellable (soon);
  GPollFD fd;

  g_test_summary ("A deadline cancels when it has come, and not before");

  g_assert_true (g_cancellable_make_pollfd (cancellable, &fd));
  g_assert_cmpint (g_poll (&fd, 1, CHANNELS_TEST_DEADLINE / 1000), ==, 1);
  g_cancellable_release_fd (cancellable);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_false (g_cancellable_is_cancelled (channels_ctl_deadline_get_cancellable (late)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/ctl-findings/text", test_text);
  g_test_add_func ("/ctl-findings/json", test_json);
  g_test_add_func ("/ctl-findings/count", test_count);
  g_test_add_func ("/ctl-findings/deadline", test_deadline);

  return g_test_run ();
}
