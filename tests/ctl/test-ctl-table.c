/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-table.h"

static const ChannelsCtlAlign columns[] = {
  CHANNELS_CTL_ALIGN_LEFT,
  CHANNELS_CTL_ALIGN_RIGHT,
  CHANNELS_CTL_ALIGN_LEFT,
};

static void
assert_text (ChannelsCtlTable *table, const char *expected)
{
  g_autofree char *text = channels_ctl_table_to_text (table);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_empty (void)
{
  g_autoptr (ChannelsCtlTable) table = channels_ctl_table_new (columns, G_N_ELEMENTS (columns));

  g_test_summary ("A table without rows is no text");

  assert_text (table, "");
}

static void
test_aligned (void)
{
  g_autoptr (ChannelsCtlTable) table = channels_ctl_table_new (columns, G_N_ELEMENTS (columns));

  g_test_summary ("Columns are as wide as their widest cell, and no line ends in spaces");

  channels_ctl_table_add_row (table, (const char *[]){ "a", "1", "long" });
  channels_ctl_table_add_row (table, (const char *[]){ "long", "100", "b" });

  assert_text (table, "a       1  long\n"
                      "long  100  b\n");
}

static void
test_wide (void)
{
  g_autoptr (ChannelsCtlTable) table = channels_ctl_table_new (columns, G_N_ELEMENTS (columns));

  g_test_summary ("Wide characters are counted as the terminal shows them");

  channels_ctl_table_add_row (table, (const char *[]){ "群組", "數", "x" });
  channels_ctl_table_add_row (table, (const char *[]){ "abcd", "12", "y" });

  assert_text (table, "群組  數  x\n"
                      "abcd  12  y\n");
}

static void
test_controls (void)
{
  g_autoptr (ChannelsCtlTable) table = channels_ctl_table_new (columns, G_N_ELEMENTS (columns));

  g_test_summary ("A line feed in a cell does not break the table");

  channels_ctl_table_add_row (table, (const char *[]){ "a\n", "1", "x" });

  assert_text (table, "a\\u000a  1  x\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/ctl/table/empty", test_empty);
  g_test_add_func ("/ctl/table/aligned", test_aligned);
  g_test_add_func ("/ctl/table/wide", test_wide);
  g_test_add_func ("/ctl/table/controls", test_controls);

  return g_test_run ();
}
