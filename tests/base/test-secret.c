/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-secret.h"

#include <sys/prctl.h>

static void
test_secret_memory_is_hidden (void)
{
  g_test_summary ("Memory can be hidden from others, and shown again");

  channels_secret_hide_memory (TRUE);
  g_assert_cmpint (prctl (PR_GET_DUMPABLE), ==, 0);

  channels_secret_hide_memory (FALSE);
  g_assert_cmpint (prctl (PR_GET_DUMPABLE), ==, 1);
}

static void
test_secret_memory_stays_hidden (void)
{
  g_test_summary ("Memory that is hidden for good is not shown again");

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  channels_secret_hide_memory_for_good ();
  channels_secret_hide_memory (FALSE);
  g_assert_cmpint (prctl (PR_GET_DUMPABLE), ==, 0);
}

static void
test_secret_of_nothing_is_freed (void)
{
  g_test_summary ("What is not there is freed without harm, and so are no secrets at all");

  channels_secret_free (NULL);
  channels_secret_freev (NULL);
  channels_secret_free (g_strdup (""));
  channels_secret_freev (g_new0 (char *, 1));
  channels_secret_freev (g_strsplit ("one two", " ", -1));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/secret/hidden", test_secret_memory_is_hidden);
  g_test_add_func ("/secret/hidden-for-good", test_secret_memory_stays_hidden);
  g_test_add_func ("/secret/nothing", test_secret_of_nothing_is_freed);

  return g_test_run ();
}
