/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-audience.h"

#include <sys/socket.h>

G_BEGIN_DECLS

#define AUDIENCE_GROUP "chat_room"
#define AUDIENCE_BROWSERS 3

/* What may wait for one of them: more than the kernel takes from a socket's smallest buffer. */
#define AUDIENCE_BUDGET_BYTES 20000
#define AUDIENCE_BUDGET_EVENTS 100

/* A browser: its socket and seat here, and its own end. */
typedef struct
{
  ChannelsSocket *socket; /* (owned) (nullable): until it is closed */
  ChannelsSeat seat;
  gboolean seated;
  int fd;     /* (owned): the browser's end; -1 once it is closed */
  guint slow; /* how often it was told to be slow */
  guint gone; /* or gone */
} AudienceBrowser;

/* What kind of socket pair the browsers have, as @data of a test: records show each write. */
#define AUDIENCE_STREAMS GINT_TO_POINTER (SOCK_STREAM)
#define AUDIENCE_RECORDS GINT_TO_POINTER (SOCK_SEQPACKET)

typedef struct
{
  ChannelsPoller *poller;                      /* (owned) */
  ChannelsLayer *layer;                        /* (owned) */
  ChannelsHub *hub;                            /* (owned) */
  ChannelsConsumer *consumer;                  /* (owned) */
  ChannelsAudience *audience;                  /* (owned) */
  AudienceBrowser browsers[AUDIENCE_BROWSERS]; /* all are seated but the last */
} AudienceFixture;

#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NOTHING ((const char *const[]){ NULL })

void audience_fixture_join (AudienceFixture *fixture, AudienceBrowser *browser);

void audience_fixture_leave (AudienceFixture *fixture, AudienceBrowser *browser);

void audience_fixture_set_up (AudienceFixture *fixture, gconstpointer data);

void audience_fixture_tear_down (AudienceFixture *fixture, gconstpointer data);

void audience_fixture_turn (void);

guint audience_fixture_send (AudienceFixture *fixture, const char *text);

void audience_fixture_send_size (AudienceFixture *fixture, gsize size);

void audience_browser_read (AudienceBrowser *browser, GByteArray *out);

gsize audience_browser_count_readable (AudienceBrowser *browser);

GByteArray *audience_fixture_encode (AudienceFixture *fixture, const char *const *texts);

void audience_browser_assert_reads (AudienceFixture *fixture,
                                    AudienceBrowser *browser,
                                    const char *const *texts);

gsize audience_fixture_fill_kernel (AudienceFixture *fixture, GByteArray *second);

void audience_fixture_add (const char *path,
                           gconstpointer kind,
                           void (*test) (AudienceFixture *fixture, gconstpointer unused));

G_END_DECLS
