/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-limits.h"

static void
test_limits (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "..", "data", "man", "channels.conf.5", NULL);
  g_autofree char *manual = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("The manual gives each limit its default and its range");

  g_file_get_contents (path, &manual, NULL, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < CHANNELS_N_LIMITS; i++)
    {
      const ChannelsLimitInfo *info = channels_limit_get_info (i);
      g_autofree char *row = g_strdup_printf ("\n%s=\t%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT
                                              "\t%" G_GUINT64_FORMAT "\n",
                                              info->key, info->value, info->minimum, info->maximum);

      g_test_message ("%s", info->key);
      g_assert_nonnull (strstr (manual, row));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/manual/limits", test_limits);

  return g_test_run ();
}
