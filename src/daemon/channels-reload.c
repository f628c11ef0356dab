/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-reload.h"

#include "channels-error.h"
#include "channels-secret.h"

#include <glib/gstdio.h>
#include <stdlib.h>

/* An editor does more than one thing to a file that it writes. */
#define QUIET_MS 100

/**
 * ChannelsReload:
 *
 * Reads the configuration anew when it is told to, or when the file has changed, and has the node
 * go by it.
 *
 * One at a time, in a thread: a file may lie on a slow disk. Who asks while one is being read gets
 * the next, so that nobody is told of a file that was read before they asked. A file with a mistake
 * changes nothing.
 */
struct _ChannelsReload
{
  GObject parent_instance;

  ChannelsOptions *options;     /* (owned): a thread may need them longer than their owner */
  ChannelsNode *node;           /* (owned) (nullable): until it is closed */
  GPtrArray *running;           /* (element-type GTask) (owned): those that wait for this one */
  GPtrArray *waiting;           /* (element-type GTask) (owned): and for the next */
  GFileMonitor *monitor;        /* (owned) (nullable) */
  char *path;                   /* (owned) (nullable): what it watches */
  GFileMonitor *target_monitor; /* (owned) (nullable) */
  char *target;                 /* (owned) (nullable): where that leads, if it is a link */
  guint changed_id;             /* source; 0: the file has not changed */
};

G_DEFINE_FINAL_TYPE (ChannelsReload, channels_reload, G_TYPE_OBJECT)

static void start (ChannelsReload *self);

static void
on_self_run (GObject *source, GAsyncResult *result, gpointer user_data)
{
  /* What is wrong has been logged. */
  channels_reload_run_finish (CHANNELS_RELOAD (source), result, NULL);
}

static void
on_quiet (gpointer user_data)
{
  ChannelsReload *self = user_data;

  self->changed_id = 0;
  channels_reload_run (self, on_self_run, NULL);
}

/* What somebody does to a file on the way is not worth reading. */
static void
on_changed (GFileMonitor *monitor,
            GFile *file,
            GFile *other_file,
            GFileMonitorEvent event,
            ChannelsReload *self)
{
  if (event == G_FILE_MONITOR_EVENT_CHANGED || event == G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED)
    return;

  g_clear_handle_id (&self->changed_id, g_source_remove);
  self->changed_id = g_timeout_add_once (QUIET_MS, on_quiet, self);
  g_source_set_name_by_id (self->changed_id, "[channels] changed file");
}

static void
clear_monitor (ChannelsReload *self, GFileMonitor **monitor)
{
  if (*monitor != NULL)
    {
      g_signal_handlers_disconnect_by_data (*monitor, self);
      g_file_monitor_cancel (*monitor);
    }
  g_clear_object (monitor);
}

static void
unwatch (ChannelsReload *self)
{
  clear_monitor (self, &self->monitor);
  clear_monitor (self, &self->target_monitor);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->target, g_free);
  g_clear_handle_id (&self->changed_id, g_source_remove);
}

/* Returns NULL where it cannot be watched. */
static GFileMonitor *
make_monitor (ChannelsReload *self, const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GFileMonitor *monitor = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);

  if (monitor != NULL)
    g_signal_connect (monitor, "changed", G_CALLBACK (on_changed), self);

  return monitor;
}

/* The file that is in use: (transfer full) (nullable). */
static char *
find_file (ChannelsReload *self)
{
  return self->options->config_file != NULL ? g_strdup (self->options->config_file)
                                            : channels_config_find_file ();
}

/* Where a link leads, also while nothing is there: (transfer full) (nullable), as @path is none. */
static char *
find_target (const char *path)
{
  g_autofree char *directory = NULL;
  g_autofree char *content = NULL;
  char *target;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    return NULL;

  target = realpath (path, NULL);
  if (target != NULL)
    return target;

  content = g_file_read_link (path, NULL);
  directory = g_path_get_dirname (path);
  return content != NULL ? g_canonicalize_filename (content, directory) : NULL;
}

static gboolean
is_in_folder (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);

  return g_file_test (directory, G_FILE_TEST_IS_DIR);
}

/* Watches the file that is in use, or would be, and where that is a link, the file it leads to:
 * what is written there changes nothing of the link. A folder that is not there is not waited for:
 * GIO would look for it every few seconds. */
static void
watch (ChannelsReload *self)
{
  g_autofree char *path = find_file (self);
  g_autofree char *target = NULL;

  if (path == NULL)
    path = channels_config_get_user_file ();
  target = find_target (path);
  if (g_strcmp0 (path, self->path) == 0 && g_strcmp0 (target, self->target) == 0)
    return;

  unwatch (self);
  if (!is_in_folder (path))
    return;

  self->monitor = make_monitor (self, path);
  if (self->monitor == NULL)
    return;

  self->path = g_steal_pointer (&path);
  if (target != NULL && is_in_folder (target))
    self->target_monitor = make_monitor (self, target);
  self->target = g_steal_pointer (&target);
}

/* Tells everybody who waits, @error (nullable) if it failed, and begins the next. */
static void
finish (ChannelsReload *self, const GError *error)
{
  g_autoptr (GPtrArray) done = g_steal_pointer (&self->running);

  if (error == NULL)
    g_message ("the configuration is taken over");
  else
    g_message ("the configuration is not taken over, and nothing has changed: %s", error->message);

  self->running = g_steal_pointer (&self->waiting);
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < done->len; i++)
    {
      if (error == NULL)
        g_task_return_boolean (g_ptr_array_index (done, i), TRUE);
      else
        g_task_return_error (g_ptr_array_index (done, i), g_error_copy (error));
    }

  if (self->node != NULL)
    channels_secret_hide_memory (
        channels_config_has_secrets (channels_node_get_config (self->node)));
  if (self->running->len > 0)
    start (self);
}

static void
on_node_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsReload) self = user_data;
  g_autoptr (GError) error = NULL;

  channels_node_change_finish (CHANNELS_NODE (source), result, &error);
  finish (self, error);
}

/* What came through a pipe, as from a shell's `<(…)`, is gone: what is there now is not it; and who
 * reads a pipe may wait for ever. */
static gboolean
check_again (ChannelsReload *self, GError **error)
{
  g_autofree char *path = find_file (self);
  GStatBuf status;

  if (path == NULL || g_stat (path, &status) != 0 || !S_ISFIFO (status.st_mode))
    return TRUE;

  g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_FILE_CONTENT,
               "%s is a pipe: it cannot be read again", path);
  return FALSE;
}

static void
load_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  ChannelsReload *self = source;
  g_autoptr (GPtrArray) mistakes = g_ptr_array_new_null_terminated (0, g_free, TRUE);
  g_autoptr (GError) error = NULL;
  ChannelsConfig *config;
  g_autofree char *lines = NULL;

  if (!check_again (self, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  config = channels_options_load_config (self->options, mistakes);
  if (config != NULL)
    {
      g_task_return_pointer (task, config, (GDestroyNotify) channels_config_unref);
      return;
    }

  lines = g_strjoinv ("\n", (char **) mistakes->pdata);
  g_task_return_new_error (task, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_FILE_CONTENT, "%s", lines);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChannelsReload *self = CHANNELS_RELOAD (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsConfig) config = g_task_propagate_pointer (G_TASK (result), &error);

  if (config != NULL && self->node != NULL)
    {
      channels_node_change (self->node, config, on_node_changed, g_object_ref (self));
      return;
    }

  if (error == NULL)
    g_set_error_literal (&error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED, "the service ends");
  finish (self, error);
}

static void
start (ChannelsReload *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_loaded, NULL);

  g_task_set_source_tag (task, start);
  if (self->node != NULL)
    watch (self); /* before it is read: no change is missed */
  /* Whether there are secrets is known when it has been read. */
  channels_secret_hide_memory (TRUE);
  g_task_run_in_thread (task, load_in_thread);
}

static void
channels_reload_dispose (GObject *object)
{
  channels_reload_close (CHANNELS_RELOAD (object));

  G_OBJECT_CLASS (channels_reload_parent_class)->dispose (object);
}

static void
channels_reload_finalize (GObject *object)
{
  ChannelsReload *self = CHANNELS_RELOAD (object);

  g_ptr_array_unref (self->running);
  g_ptr_array_unref (self->waiting);
  g_clear_pointer (&self->options, channels_options_free);

  G_OBJECT_CLASS (channels_reload_parent_class)->finalize (object);
}

static void
channels_reload_class_init (ChannelsReloadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_reload_dispose;
  object_class->finalize = channels_reload_finalize;
}

static void
channels_reload_init (ChannelsReload *self)
{
  self->running = g_ptr_array_new_with_free_func (g_object_unref);
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * channels_reload_new:
 * @options: the command line; copied
 * @node: what goes by the configuration
 *
 * Returns: (transfer full): what watches the file from now on
 */
ChannelsReload *
channels_reload_new (const ChannelsOptions *options, ChannelsNode *node)
{
  ChannelsReload *self = g_object_new (CHANNELS_TYPE_RELOAD, NULL);

  self->options = channels_options_copy (options);
  self->node = g_object_ref (node);
  watch (self);

  return self;
}

/**
 * channels_reload_run:
 * @self: a reload
 * @callback: (scope async): called when the node goes by the file
 * @user_data: (closure): passed to @callback
 *
 * Reads the configuration, and has the node go by it.
 */
void
channels_reload_run (ChannelsReload *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, channels_reload_run);
  if (self->running->len > 0)
    {
      g_ptr_array_add (self->waiting, task);
      return;
    }

  g_ptr_array_add (self->running, task);
  start (self);
}

/**
 * channels_reload_run_finish:
 * @self: a reload
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Ends channels_reload_run(). Fails with `G_DBUS_ERROR_INVALID_FILE_CONTENT`, and a line for each
 * mistake, where the file has any, and with `CHANNELS_ERROR_NOT_ALLOWED` after
 * channels_reload_close(). Nothing has changed then.
 *
 * Returns: `TRUE` if the node goes by the file, `FALSE` with @error set otherwise
 */
gboolean
channels_reload_run_finish (ChannelsReload *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * channels_reload_close:
 * @self: a reload
 *
 * The node stops: no file is read for it any more.
 */
void
channels_reload_close (ChannelsReload *self)
{
  unwatch (self);
  g_clear_object (&self->node);
}
