/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* µs: generous, for valgrind and for slow machines; only a failure takes so long. */
#define CHANNELS_TEST_DEADLINE (60 * G_USEC_PER_SEC)

static inline gboolean
channels_test_deadline_cb (gpointer user_data)
{
  g_error ("waited in vain for: %s", (const char *) user_data);

  return G_SOURCE_REMOVE;
}

/* Iterates the default main context until @condition holds; the test fails at the deadline. */
#define channels_test_wait_until(condition)                                                        \
  G_STMT_START                                                                                     \
  {                                                                                                \
    guint deadline_ = g_timeout_add (CHANNELS_TEST_DEADLINE / 1000, channels_test_deadline_cb,     \
                                     (gpointer) #condition);                                       \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
    g_source_remove (deadline_);                                                                   \
  }                                                                                                \
  G_STMT_END

/* Iterates the default main context for @time, µs: for what must not happen, or not at once. */
static inline void
channels_test_run_for (gint64 time)
{
  gint64 end = g_get_monotonic_time () + time;

  while (g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
}

G_END_DECLS
