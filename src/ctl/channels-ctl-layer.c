/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-layer.h"

#include "channels-ctl-check.h"
#include "channels-ctl-error.h"

#include "channels-redis-address.h"
#include "channels-secret.h"

#include <glib/gi18n.h>
#include <string.h>

#define PASSWORD_MAX ((gsize) 4096) /* bytes: channels.conf(5) */

/* What `[Layer]` says, in a file without mistakes; what it does not say is as channels.conf(5) has
 * it. */
static const struct
{
  const char *key;
  const char *value;
} defaults[] = {
  { "Backend", "memory" },    { "Hosts", "redis://127.0.0.1:6379/0" },
  { "Prefix", "asgi" },       { "Expiry", "60" },
  { "GroupExpiry", "86400" }, { "Capacity", "100" },
  { "ChannelCapacity", "" },  { "SymmetricEncryptionKeys", "" },
};

/* A list as a keyfile has it, whoever wrote it: no spaces around items, and no last semicolon. */
static char *
say_list (char **items)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  char *value;

  for (guint i = 0; items[i] != NULL; i++)
    g_strstrip (items[i]);
  g_key_file_set_string_list (file, CHANNELS_CTL_LAYER_GROUP, "Value", (const char *const *) items,
                              g_strv_length (items));
  value = g_key_file_get_value (file, CHANNELS_CTL_LAYER_GROUP, "Value", NULL);
  if (g_str_has_suffix (value, ";"))
    value[strlen (value) - 1] = '\0';

  return value;
}

/**
 * channels_ctl_layer_read:
 * @file: a configuration
 * @key: of `[Layer]`
 *
 * Returns: (transfer full): its value as a line of configuration has it, the same for the same
 *   list, or what holds where there is none; it may be a secret
 */
char *
channels_ctl_layer_read (GKeyFile *file, const char *key)
{
  char **items = g_key_file_get_string_list (file, CHANNELS_CTL_LAYER_GROUP, key, NULL, NULL);

  if (items != NULL)
    {
      char *value = say_list (items);

      channels_secret_freev (items);
      return value;
    }

  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      if (g_str_equal (defaults[i].key, key))
        return g_strdup (defaults[i].value);
    }

  return g_strdup ("");
}

/**
 * channels_ctl_layer_get:
 * @doctor: a doctor with a configuration
 * @key: of `[Layer]`
 *
 * Returns: (transfer full): what holds for the service, with its command line; it may be a secret
 */
char *
channels_ctl_layer_get (const ChannelsCtlDoctor *doctor, const char *key)
{
  if (doctor->daemon.layer != NULL && g_str_equal (key, "Backend"))
    return g_strdup (doctor->daemon.layer);

  return channels_ctl_layer_read (doctor->config, key);
}

/**
 * channels_ctl_layer_parse_hosts:
 * @file: a configuration
 * @urls: (nullable): what stands in the place of its `Hosts=`
 * @password: (nullable): of those that have none
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: (transfer full) (element-type ChannelsRedisAddress): the Redis servers, or `NULL` with
 *   @error set, which repeats nothing of a URL
 */
GPtrArray *
channels_ctl_layer_parse_hosts (GKeyFile *file, char **urls, const char *password, GError **error)
{
  g_autoptr (GPtrArray) hosts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) channels_redis_address_unref);
  char **listed = urls != NULL ? g_strdupv (urls)
                               : g_key_file_get_string_list (file, CHANNELS_CTL_LAYER_GROUP,
                                                             "Hosts", NULL, NULL);
  gboolean good = TRUE;

  if (listed == NULL)
    {
      g_autofree char *standard = channels_ctl_layer_read (file, "Hosts");

      listed = g_strsplit (standard, ";", -1);
    }

  for (guint i = 0; good && listed[i] != NULL; i++)
    {
      ChannelsRedisAddress *address = channels_redis_address_parse (g_strstrip (listed[i]), error);

      good = address != NULL;
      if (!good)
        break;
      if (address->password == NULL)
        address->password = g_strdup (password);
      g_ptr_array_add (hosts, address);
    }

  channels_secret_freev (listed);
  return good ? g_steal_pointer (&hosts) : NULL;
}

/* The password that stands in a file of its own; `NULL` with @error set where it cannot be had. */
static char *
read_password (const char *name, GError **error)
{
  g_autofree char *credentials = NULL;
  g_autofree char *path = NULL;
  char *password = NULL;
  gsize length;

  if (g_path_is_absolute (name))
    path = g_strdup (name);
  else if ((credentials = channels_ctl_check_find_credentials ()) != NULL)
    path = g_build_filename (credentials, name, NULL);

  if (path == NULL || !g_file_test (path, G_FILE_TEST_IS_REGULAR) ||
      !g_file_get_contents (path, &password, &length, NULL) || length > PASSWORD_MAX)
    {
      channels_secret_free (password);
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("only the service can read what PasswordFile= names"));
      return NULL;
    }

  if (length > 0 && password[length - 1] == '\n')
    password[length - 1] = '\0';
  return password;
}

/**
 * channels_ctl_layer_get_hosts:
 * @doctor: a doctor with a configuration
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED` where the password cannot be read, and as
 * channels_redis_address_parse() does.
 *
 * Returns: (transfer full) (element-type ChannelsRedisAddress): those that the service connects to,
 *   or `NULL` with @error set
 */
GPtrArray *
channels_ctl_layer_get_hosts (const ChannelsCtlDoctor *doctor, GError **error)
{
  g_autofree char *file =
      g_key_file_get_string (doctor->config, CHANNELS_CTL_LAYER_GROUP, "PasswordFile", NULL);
  g_autoptr (ChannelsSecret) password = NULL;

  if (file != NULL && *g_strstrip (file) != '\0' &&
      (password = read_password (file, error)) == NULL)
    return NULL;

  return channels_ctl_layer_parse_hosts (doctor->config, doctor->daemon.redis, password, error);
}

/**
 * channels_ctl_layer_say_place_of_hosts:
 * @doctor: a doctor
 *
 * Returns: (transfer full): where it stands, or would, which Redis servers the service connects to
 */
char *
channels_ctl_layer_say_place_of_hosts (const ChannelsCtlDoctor *doctor)
{
  /* Translators: both stand behind a verb, as in “correct …”. */
  if (doctor->daemon.redis != NULL)
    return g_strdup (_ ("--redis on the command line of channelsd"));

  return g_strdup_printf (_ ("Hosts= under [Layer] in %s"),
                          channels_ctl_check_get_config_file (doctor));
}
