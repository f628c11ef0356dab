/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-audiences.h"

#include "channels-chat-consumer.h"
#include "channels-echo-consumer.h"

/**
 * ChannelsAudiences:
 *
 * All audiences of a server: one for each group and consumer that browsers are in, made with the
 * first of them.
 */
struct _ChannelsAudiences
{
  ChannelsHub *hub;               /* (owned) */
  ChannelsPoller *poller;         /* (owned) */
  ChannelsConsumer *consumers[2]; /* (owned): by ChannelsConsumerKind */
  GHashTable *audiences;          /* (element-type utf8 ChannelsAudience) (owned) */
};

static char *
make_key (const char *group, ChannelsConsumer *consumer)
{
  return g_strdup_printf ("%p %s", consumer, group);
}

/**
 * channels_audiences_new:
 * @hub: where audiences join their groups
 * @poller: when they write
 * @max_depth: how deep a browser's JSON may be nested
 *
 * Returns: (transfer full): no audiences yet
 */
ChannelsAudiences *
channels_audiences_new (ChannelsHub *hub, ChannelsPoller *poller, guint max_depth)
{
  ChannelsAudiences *self = g_new0 (ChannelsAudiences, 1);

  self->hub = g_object_ref (hub);
  self->poller = g_object_ref (poller);
  self->consumers[CHANNELS_CONSUMER_CHAT] = channels_chat_consumer_new (max_depth);
  self->consumers[CHANNELS_CONSUMER_ECHO] = channels_echo_consumer_new ();
  self->audiences = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);

  return self;
}

/**
 * channels_audiences_free:
 * @self: (transfer full): audiences without browsers
 */
void
channels_audiences_free (ChannelsAudiences *self)
{
  g_hash_table_unref (self->audiences);
  for (guint i = 0; i < G_N_ELEMENTS (self->consumers); i++)
    g_object_unref (self->consumers[i]);
  g_object_unref (self->poller);
  g_object_unref (self->hub);
  g_free (self);
}

/**
 * channels_audiences_set_max_depth:
 * @self: audiences
 * @max_depth: how deep a browser's JSON may be nested from now on
 */
void
channels_audiences_set_max_depth (ChannelsAudiences *self, guint max_depth)
{
  channels_chat_consumer_set_max_depth (self->consumers[CHANNELS_CONSUMER_CHAT], max_depth);
}

/**
 * channels_audiences_get:
 * @self: audiences
 * @group: a valid group name
 * @kind: what messages mean there
 *
 * Returns: (transfer none): the audience of the two, made if there was none
 */
ChannelsAudience *
channels_audiences_get (ChannelsAudiences *self, const char *group, ChannelsConsumerKind kind)
{
  ChannelsConsumer *consumer = self->consumers[kind];
  g_autofree char *key = make_key (group, consumer);
  ChannelsAudience *audience = g_hash_table_lookup (self->audiences, key);

  if (audience == NULL)
    {
      audience = channels_audience_new (self->hub, self->poller, consumer, group);
      g_hash_table_insert (self->audiences, g_steal_pointer (&key), audience);
    }

  return audience;
}

/**
 * channels_audiences_drop_if_empty:
 * @self: audiences
 * @audience: one of them, or one that was forgotten already
 *
 * Forgets an audience that nobody is in any more.
 */
void
channels_audiences_drop_if_empty (ChannelsAudiences *self, ChannelsAudience *audience)
{
  g_autofree char *key = NULL;

  if (channels_audience_get_size (audience) > 0)
    return;

  key =
      make_key (channels_audience_get_group (audience), channels_audience_get_consumer (audience));
  /* Of several that leave together each comes here, and somebody may have come between them. */
  if (g_hash_table_lookup (self->audiences, key) == audience)
    g_hash_table_remove (self->audiences, key);
}
