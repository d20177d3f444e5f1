#include "service/token_first.h"

#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/text.h"
#include "loop/loop.h"
#include "service/auth.h"
#include "service/title.h"
#include "service/token_secret.h"
#include "store/store.h"

struct making {
    struct arena *arena;
    struct loop *loop;
    struct store *store;
    struct token token;
    struct status status;
};

static void on_made(void *context, struct status status, uint64_t)
{
    struct making *making = context;
    making->status = status;
    loop_stop(making->loop);
}

static void on_start(void *context)
{
    struct making *making = context;
    store_token_create(making->store, making->arena, &making->token, on_made, making);
}

static struct status check(struct arena *arena, const char *title)
{
    struct faults faults = {.arena = arena};
    if (!text_is_utf8(title, strlen(title)))
        faults_add(&faults, "", "title", "is not UTF-8");
    else
        title_check(&faults, title);
    return faults_status(&faults);
}

struct status token_first_create(struct arena *arena, const struct store_settings *settings,
                                 const char *title, char **ret_secret)
{
    struct status status = check(arena, title);
    if (!status_ok(status))
        return status;
    struct making making = {
        .arena = arena,
        .loop = loop_new("token", 0),
        .token = {
            .id = token_id_new(arena), .title = text_nfc(arena, title), .access = CALLER_ADMIN, .scope = ""}};
    char *secret = token_secret_new(arena, making.token.secret_hash);
    making.store = store_new(making.loop, settings);
    loop_post(making.loop, on_start, &making);
    loop_run(making.loop);
    store_free(making.store);
    loop_free(making.loop);
    if (status_ok(making.status)) {
        log_event(LOG_INFO, "token.created", "an admin's token has been made",
                  LOG_TEXT("token", making.token.id));
        *ret_secret = secret;
    }
    return making.status;
}
