/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "load-usage.h"

#include <string.h>
#include <time.h>

/* What stands behind the name of a field in /proc/PID/status. */
#define SWITCHES "\nvoluntary_ctxt_switches:"
#define RSS "\nVmRSS:"

static gint64
read_clock (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);

  return (gint64) time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

gint64
load_now (void)
{
  return read_clock (CLOCK_MONOTONIC);
}

/* The number behind @name in a file of /proc; 0 where either is not there (any longer). */
static gint64
read_number (const char *folder, const char *task, const char *file, const char *name)
{
  g_autofree char *path = g_build_filename (folder, task, file, NULL);
  g_autofree char *text = NULL;
  const char *number;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;

  number = strstr (text, name);

  return number == NULL ? 0 : g_ascii_strtoll (number + strlen (name), NULL, 10);
}

static void
add_process (LoadUsage *self, int pid)
{
  g_autofree char *folder = g_strdup_printf ("/proc/%d", pid);
  g_autofree char *tasks = g_build_filename (folder, "task", NULL);
  g_autoptr (GDir) directory = g_dir_open (tasks, 0, NULL);
  const char *task;

  self->rss += read_number (folder, ".", "status", RSS) * 1024;
  while (directory != NULL && (task = g_dir_read_name (directory)) != NULL)
    {
      self->cpu += read_number (tasks, task, "schedstat", "");
      self->switches += read_number (tasks, task, "status", SWITCHES);
    }
}

void
load_usage_take (LoadUsage *self, const GArray *pids)
{
  memset (self, 0, sizeof *self);
  for (guint i = 0; i < pids->len; i++)
    add_process (self, g_array_index (pids, int, i));

  self->own_cpu = read_clock (CLOCK_PROCESS_CPUTIME_ID);
  self->time = load_now ();
}

LoadUsage
load_usage_since (const LoadUsage *self, const LoadUsage *since)
{
  return (LoadUsage){
    .time = self->time - since->time,
    .cpu = self->cpu - since->cpu,
    .switches = self->switches - since->switches,
    .rss = self->rss - since->rss,
    .own_cpu = self->own_cpu - since->own_cpu,
  };
}
