/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-settings.h"

#include "channels-error.h"

#include <fnmatch.h>

/* Bytes of chance in front of each message in a queue: a sorted set has no member twice. */
#define SALT_WORDS 3
#define SALT_SIZE (SALT_WORDS * sizeof (guint32))

/* Seconds that a token may be older than its message is kept: for clocks that differ. */
#define TOKEN_AGE_SLACK 10

/* What Django Channels has where nothing is said. */
#define DEFAULT_EXPIRY 60
#define DEFAULT_GROUP_EXPIRY 86400
#define DEFAULT_CAPACITY 100

/* How many messages the channels hold whose name matches. */
typedef struct
{
  char *pattern; /* (owned) */
  guint capacity;
} ChannelsRedisCapacity;

static void
capacity_free (ChannelsRedisCapacity *self)
{
  g_free (self->pattern);
  g_free (self);
}

/**
 * channels_redis_settings_new:
 * @node_prefix: what this node's channels begin with, up to and including the `!`
 * @prefix: what each key begins with
 *
 * Returns: (transfer full): settings without a host, and otherwise with Django's defaults
 */
ChannelsRedisSettings *
channels_redis_settings_new (const char *node_prefix, const char *prefix)
{
  ChannelsRedisSettings *self;

  g_return_val_if_fail (node_prefix != NULL && g_str_has_suffix (node_prefix, "!"), NULL);
  g_return_val_if_fail (prefix != NULL, NULL);

  self = g_new0 (ChannelsRedisSettings, 1);
  self->hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) channels_redis_address_unref);
  self->node_prefix = g_strdup (node_prefix);
  self->prefix = g_strdup (prefix);
  self->expiry = DEFAULT_EXPIRY;
  self->group_expiry = DEFAULT_GROUP_EXPIRY;
  self->capacity = DEFAULT_CAPACITY;
  self->capacities = g_ptr_array_new_with_free_func ((GDestroyNotify) capacity_free);

  return self;
}

/**
 * channels_redis_settings_free:
 * @self: (nullable): settings
 */
void
channels_redis_settings_free (ChannelsRedisSettings *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->hosts);
  g_free (self->node_prefix);
  g_free (self->prefix);
  g_ptr_array_unref (self->capacities);
  g_clear_pointer (&self->fernet, channels_fernet_free);
  g_free (self);
}

/**
 * channels_redis_settings_add_host:
 * @self: settings
 * @address: the next host on the ring
 */
void
channels_redis_settings_add_host (ChannelsRedisSettings *self, const ChannelsRedisAddress *address)
{
  g_ptr_array_add (self->hosts, channels_redis_address_ref (address));
}

/**
 * channels_redis_settings_add_capacity:
 * @self: settings
 * @pattern: of channels' names, with the wildcards of a shell
 * @capacity: messages that such a channel holds
 */
void
channels_redis_settings_add_capacity (ChannelsRedisSettings *self,
                                      const char *pattern,
                                      guint capacity)
{
  ChannelsRedisCapacity *item = g_new (ChannelsRedisCapacity, 1);

  item->pattern = g_strdup (pattern);
  item->capacity = capacity;
  g_ptr_array_add (self->capacities, item);
}

/**
 * channels_redis_settings_add_secret:
 * @self: settings
 * @secret: a further symmetric encryption key: the first encrypts, all decrypt
 */
void
channels_redis_settings_add_secret (ChannelsRedisSettings *self, const char *secret)
{
  if (self->fernet == NULL)
    self->fernet = channels_fernet_new ();

  channels_fernet_add_secret (self->fernet, secret);
}

/**
 * channels_redis_settings_get_group_key:
 * @self: settings
 * @group: a group's name
 *
 * Returns: (transfer full): the key of its members in the core layer
 */
char *
channels_redis_settings_get_group_key (const ChannelsRedisSettings *self, const char *group)
{
  return g_strconcat (self->prefix, ":group:", group, NULL);
}

/**
 * channels_redis_settings_get_group_channel:
 * @self: settings
 * @group: a group's name
 *
 * Returns: (transfer full): the channel of its messages in the pub/sub layer
 */
char *
channels_redis_settings_get_group_channel (const ChannelsRedisSettings *self, const char *group)
{
  return g_strconcat (self->prefix, "__group__", group, NULL);
}

/**
 * channels_redis_settings_get_queue:
 * @self: settings
 *
 * Returns: (transfer full): the key of this node's queue in the core layer
 */
char *
channels_redis_settings_get_queue (const ChannelsRedisSettings *self)
{
  return g_strconcat (self->prefix, self->node_prefix, NULL);
}

/**
 * channels_redis_settings_get_capacity:
 * @self: settings
 * @channel: a channel's name
 *
 * Returns: how many messages it holds
 */
guint
channels_redis_settings_get_capacity (const ChannelsRedisSettings *self, const char *channel)
{
  for (guint i = 0; i < self->capacities->len; i++)
    {
      const ChannelsRedisCapacity *item = g_ptr_array_index (self->capacities, i);

      if (fnmatch (item->pattern, channel, FNM_NOESCAPE) == 0)
        return item->capacity;
    }

  return self->capacity;
}

static gint64
now_in_seconds (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/**
 * channels_redis_settings_seal:
 * @self: settings
 * @salted: whether random bytes come first, as in a queue
 * @map: an event in MessagePack
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes what Redis is given: encrypted, where there are keys. Fails as channels_fernet_encrypt()
 * does.
 *
 * Returns: (transfer full): the payload, or `NULL` with @error set
 */
GBytes *
channels_redis_settings_seal (const ChannelsRedisSettings *self,
                              gboolean salted,
                              GBytes *map,
                              GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (map, &length);
  g_autoptr (GByteArray) out = NULL;

  if (!salted && self->fernet == NULL)
    return g_bytes_ref (map);

  out = g_byte_array_sized_new (SALT_SIZE + length);
  for (guint i = 0; salted && i < SALT_WORDS; i++)
    {
      guint32 word = g_random_int ();

      g_byte_array_append (out, (const guint8 *) &word, sizeof word);
    }

  if (self->fernet == NULL)
    g_byte_array_append (out, data, length);
  else if (!channels_fernet_encrypt (self->fernet, out, data, length, now_in_seconds (), error))
    return NULL;

  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

/**
 * channels_redis_settings_open:
 * @self: settings
 * @salted: whether random bytes come first, as in a queue
 * @payload: what Redis had
 * @error: return location for a `GError`, or `NULL`
 *
 * The reverse of channels_redis_settings_seal(). Fails with `CHANNELS_ERROR_INVALID_EVENT` where
 * the random bytes are missing, and as channels_fernet_decrypt() does. A token in a queue may be as
 * old as a message there can be; what was published has not waited anywhere, and channels_redis
 * takes it at any age (4.3.0, `serializers.py`).
 *
 * Returns: (transfer full): what should be a map in MessagePack, or `NULL` with @error set
 */
GBytes *
channels_redis_settings_open (const ChannelsRedisSettings *self,
                              gboolean salted,
                              GBytes *payload,
                              GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (payload, &length);
  gsize skipped = salted ? SALT_SIZE : 0;
  gint64 max_age = salted ? (gint64) self->expiry + TOKEN_AGE_SLACK : CHANNELS_FERNET_ANY_AGE;

  if (length < skipped)
    {
      g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT,
                           "it is too short for the random bytes that come first");
      return NULL;
    }

  if (self->fernet == NULL)
    return g_bytes_new_from_bytes (payload, skipped, length - skipped);

  /* No data may be no pointer, which is not to be added to. */
  if (skipped > 0)
    data += skipped;

  return channels_fernet_decrypt (self->fernet, data, length - skipped, now_in_seconds (), max_age,
                                  error);
}
