/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-config.h"

#include "channels-config-private.h"
#include "channels-config-values.h"
#include "channels-keyfile.h"
#include "channels-names.h"
#include "channels-secret.h"

#include <string.h>

/**
 * ChannelsConfig:
 *
 * What the daemon is to do: the keyfile and the command line, checked, as values.
 *
 * Immutable and counted. There is none with a mistake in it: loading tells every
 * mistake that it finds, each with file, line, group and key, or gives the values.
 */

/* Seconds after which a daemon that was started on demand, and that nobody needs, ends. */
#define ACTIVATED_IDLE_TIMEOUT 600

static char *
file_in (const char *directory)
{
  return g_build_filename (directory, CHANNELS_FOLDER, CHANNELS_CONFIG_FILE_NAME, NULL);
}

/**
 * channels_config_get_user_file:
 *
 * Returns: (transfer full): the path of the user's own file, whether it is there or not
 */
char *
channels_config_get_user_file (void)
{
  return file_in (g_get_user_config_dir ());
}

/**
 * channels_config_find_file:
 *
 * Finds the file that is read where none is named: in `$XDG_CONFIG_HOME`, then in each of
 * `$XDG_CONFIG_DIRS`, the first that is there.
 *
 * Returns: (transfer full) (nullable): its path, or `NULL` if there is none
 */
char *
channels_config_find_file (void)
{
  const char *const *directories = g_get_system_config_dirs ();
  g_autofree char *path = file_in (g_get_user_config_dir ());

  for (guint i = 0; !g_file_test (path, G_FILE_TEST_EXISTS); i++)
    {
      if (directories[i] == NULL)
        return NULL;

      g_free (path);
      path = file_in (directories[i]);
    }

  return g_steal_pointer (&path);
}

static ChannelsConfig *
config_alloc (void)
{
  ChannelsConfig *self = g_new0 (ChannelsConfig, 1);

  g_atomic_ref_count_init (&self->ref_count);
  channels_config_set_defaults (self);

  return self;
}

/**
 * channels_config_load:
 * @path: (nullable): the keyfile, or `NULL` for the defaults
 * @overrides: (nullable): what the command line has to say
 * @mistakes: (element-type utf8): where a line is put for each mistake
 *
 * Loads a configuration of at most #CHANNELS_CONFIG_SIZE_MAX bytes. Blocks while it reads.
 *
 * Returns: (transfer full) (nullable): the values, or `NULL` with @mistakes longer than it was
 */
ChannelsConfig *
channels_config_load (const char *path,
                      const ChannelsConfigOverrides *overrides,
                      GPtrArray *mistakes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsSecret) text = NULL;

  g_return_val_if_fail (mistakes != NULL, NULL);

  if (path == NULL)
    return channels_config_load_from_data ("", 0, "", overrides, mistakes);

  text = channels_config_read_file (path, CHANNELS_CONFIG_SIZE_MAX, &error);
  if (text == NULL)
    {
      ChannelsMistakes file = { mistakes, path };
      ChannelsPlace place = { &file, NULL, NULL, 0 };

      channels_place_add_mistake (&place, "%s", error->message);
      return NULL;
    }

  return channels_config_load_from_data (text, strlen (text), path, overrides, mistakes);
}

/**
 * channels_config_load_from_data:
 * @data: (array length=length) (nullable): a keyfile's text; `NULL` only where there is none
 * @length: bytes of @data
 * @name: what the mistakes call it
 * @overrides: (nullable): what the command line has to say
 * @mistakes: (element-type utf8): where a line is put for each mistake
 *
 * As channels_config_load(), of a text.
 *
 * Returns: (transfer full) (nullable): the values, or `NULL` with @mistakes longer than it was
 */
ChannelsConfig *
channels_config_load_from_data (const char *data,
                                gsize length,
                                const char *name,
                                const ChannelsConfigOverrides *overrides,
                                GPtrArray *mistakes)
{
  ChannelsMistakes file = { mistakes, name };
  ChannelsPlace place = { &file, NULL, NULL, 0 };
  g_autoptr (ChannelsConfig) self = NULL;
  g_autoptr (GPtrArray) groups = NULL;
  g_autoptr (ChannelsSecret) text = NULL;
  guint before;

  g_return_val_if_fail (data != NULL || length == 0, NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (mistakes != NULL, NULL);

  before = mistakes->len;
  if (length == 0)
    data = "";
  if (length > CHANNELS_CONFIG_SIZE_MAX || !g_utf8_validate_len (data, length, NULL))
    {
      channels_place_add_mistake (&place,
                                  "is not text in UTF-8 of at most %" G_GSIZE_FORMAT " bytes",
                                  CHANNELS_CONFIG_SIZE_MAX);
      return NULL;
    }

  text = g_strndup (data, length);
  self = config_alloc ();
  groups = channels_keyfile_read (text, &file);
  channels_config_apply_groups (self, groups, &file);
  if (overrides != NULL)
    channels_config_apply_overrides (self, overrides, &file);
  channels_config_check_listen (self, groups, overrides != NULL && overrides->listen != NULL,
                                &file);

  return mistakes->len == before ? g_steal_pointer (&self) : NULL;
}

/**
 * channels_config_ref:
 * @self: a configuration
 *
 * Returns: (transfer full): @self, with one reference more
 */
ChannelsConfig *
channels_config_ref (ChannelsConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/**
 * channels_config_unref:
 * @self: (transfer full): a configuration
 *
 * Drops a reference. With the last one goes @self.
 */
void
channels_config_unref (ChannelsConfig *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_ptr_array_unref (self->listen);
  g_strfreev (self->origins);
  g_strfreev (self->hosts);
  channels_router_unref (self->router);
  channels_secret_freev (self->layer.hosts);
  g_free (self->layer.prefix);
  g_ptr_array_unref (self->layer.channel_capacities);
  channels_secret_freev (self->layer.encryption_keys);
  channels_secret_free (self->layer.password);
  g_free (self);
}

/**
 * channels_config_get_n_listen:
 * @self: a configuration
 *
 * Returns: how many addresses are listened on, at least 1
 */
guint
channels_config_get_n_listen (const ChannelsConfig *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->listen->len;
}

/**
 * channels_config_get_listen:
 * @self: a configuration
 * @index: which, from 0
 *
 * Returns: (transfer none): one address to listen on
 */
const ChannelsConfigListen *
channels_config_get_listen (const ChannelsConfig *self, guint index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->listen->len, NULL);

  return g_ptr_array_index (self->listen, index);
}

/**
 * channels_config_get_allowed_origins:
 * @self: a configuration
 *
 * Returns: (transfer none) (array zero-terminated=1): origins of pages that may come in, besides
 *   the daemon's own; each is valid for channels_guard_add_origin()
 */
const char *const *
channels_config_get_allowed_origins (const ChannelsConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) self->origins;
}

/**
 * channels_config_get_allowed_hosts:
 * @self: a configuration
 *
 * Returns: (transfer none) (array zero-terminated=1): names under which the daemon is asked,
 *   besides its own; each is valid for channels_guard_add_host()
 */
const char *const *
channels_config_get_allowed_hosts (const ChannelsConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) self->hosts;
}

/**
 * channels_config_get_allow_other_users:
 * @self: a configuration
 *
 * Returns: whether processes of other users of this machine may connect
 */
gboolean
channels_config_get_allow_other_users (const ChannelsConfig *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->allow_other_users;
}

static gboolean
waits_for_other_nodes (const ChannelsConfig *self)
{
  g_auto (GStrv) watched = channels_router_list_watched (self->router);

  return self->layer.backend != CHANNELS_CONFIG_BACKEND_MEMORY && watched[0] != NULL;
}

/**
 * channels_config_get_idle_timeout:
 * @self: a configuration
 * @activated: whether the daemon was started because somebody needed it
 *
 * Unless the file says when, a daemon that was started on demand ends by itself, but for one that
 * waits for what other nodes have to notify of: nobody would start it for that.
 *
 * Returns: µs after which it ends if nobody needs it; 0: never
 */
gint64
channels_config_get_idle_timeout (const ChannelsConfig *self, gboolean activated)
{
  g_return_val_if_fail (self != NULL, 0);

  if (self->idle_timeout >= 0)
    return self->idle_timeout * G_TIME_SPAN_SECOND;

  return activated && !waits_for_other_nodes (self) ? ACTIVATED_IDLE_TIMEOUT * G_TIME_SPAN_SECOND
                                                    : 0;
}

/**
 * channels_config_get_limits:
 * @self: a configuration
 *
 * Returns: (transfer none): the bounds
 */
const ChannelsLimits *
channels_config_get_limits (const ChannelsConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return &self->limits;
}

/**
 * channels_config_get_router:
 * @self: a configuration
 *
 * Returns: (transfer none): the routes
 */
ChannelsRouter *
channels_config_get_router (const ChannelsConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->router;
}

/**
 * channels_config_get_layer:
 * @self: a configuration
 *
 * Returns: (transfer none): what the channel layer is made with
 */
const ChannelsConfigLayer *
channels_config_get_layer (const ChannelsConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return &self->layer;
}

/**
 * channels_config_name_layer:
 * @self: a configuration
 *
 * Returns: (transfer full): what tells its layer from others, for channels_identity_new(); it may
 *   have passwords
 */
char *
channels_config_name_layer (const ChannelsConfig *self)
{
  g_autoptr (ChannelsSecret) hosts = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  hosts = g_strjoinv (" ", self->layer.hosts);

  return g_strjoin (" ", self->layer.prefix, hosts, NULL);
}

/**
 * channels_config_has_secrets:
 * @self: a configuration
 *
 * Returns: whether a password or a key is among its values
 */
gboolean
channels_config_has_secrets (const ChannelsConfig *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  for (guint i = 0; self->layer.hosts[i] != NULL; i++)
    {
      if (strchr (self->layer.hosts[i], '@') != NULL)
        return TRUE;
    }

  return self->layer.password != NULL ||
         (self->layer.encryption_keys != NULL && self->layer.encryption_keys[0] != NULL);
}

/**
 * channels_config_listens_as:
 * @self: a configuration
 * @other: another one
 *
 * Returns: whether the two have the same `Listen`
 */
gboolean
channels_config_listens_as (const ChannelsConfig *self, const ChannelsConfig *other)
{
  g_return_val_if_fail (self != NULL && other != NULL, FALSE);

  if (self->listen->len != other->listen->len)
    return FALSE;

  for (guint i = 0; i < self->listen->len; i++)
    {
      const ChannelsConfigListen *a = g_ptr_array_index (self->listen, i);
      const ChannelsConfigListen *b = g_ptr_array_index (other->listen, i);

      if (a->port != b->port || !g_str_equal (a->address, b->address))
        return FALSE;
    }

  return TRUE;
}

static gboolean
have_equal_capacities (GPtrArray *a, GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;

  for (guint i = 0; i < a->len; i++)
    {
      const ChannelsConfigCapacity *item_a = g_ptr_array_index (a, i);
      const ChannelsConfigCapacity *item_b = g_ptr_array_index (b, i);

      if (item_a->capacity != item_b->capacity || !g_str_equal (item_a->pattern, item_b->pattern))
        return FALSE;
    }

  return TRUE;
}

/**
 * channels_config_has_layer_of:
 * @self: a configuration
 * @other: another one
 *
 * Returns: whether the layer that @other asks for is one as @self asks for
 */
gboolean
channels_config_has_layer_of (const ChannelsConfig *self, const ChannelsConfig *other)
{
  const ChannelsConfigLayer *a;
  const ChannelsConfigLayer *b;

  g_return_val_if_fail (self != NULL && other != NULL, FALSE);

  a = &self->layer;
  b = &other->layer;
  if (a->backend == CHANNELS_CONFIG_BACKEND_MEMORY && b->backend == CHANNELS_CONFIG_BACKEND_MEMORY)
    return TRUE;

  return a->backend == b->backend && a->expiry == b->expiry && a->group_expiry == b->group_expiry &&
         a->capacity == b->capacity && g_str_equal (a->prefix, b->prefix) &&
         g_strcmp0 (a->password, b->password) == 0 &&
         g_strv_equal ((const char *const *) a->hosts, (const char *const *) b->hosts) &&
         g_strv_equal ((const char *const *) a->encryption_keys,
                       (const char *const *) b->encryption_keys) &&
         have_equal_capacities (a->channel_capacities, b->channel_capacities);
}
