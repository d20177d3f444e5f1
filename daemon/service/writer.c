#include "service/writer.h"

#include <stdlib.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "store/batch.h"
#include "store/store.h"

struct writer {
    struct loop *loop;
    struct store *store;
};

/* A batch on its way to the writer and back: in its arena. */
struct errand {
    struct writer *writer;
    struct loop *loop; /* where it comes from */
    struct store_batch request;
    store_pack_fn pack;
    store_batch_done_fn done;
    void *context; /* of both */
    struct status status;
    const void *answer;
    size_t answer_bytes;
};

static void tell(void *context)
{
    struct errand *errand = context;
    errand->done(errand->context, errand->status, errand->answer, errand->answer_bytes);
}

static const void *pack(void *context, struct arena *arena, const struct batch *batch, uint64_t revision,
                        size_t *ret_bytes)
{
    struct errand *errand = context;
    return errand->pack(errand->context, arena, batch, revision, ret_bytes);
}

static void on_done(void *context, struct status status, const void *answer, size_t answer_bytes)
{
    struct errand *errand = context;
    errand->status = status;
    errand->answer = answer;
    errand->answer_bytes = answer_bytes;
    loop_post(errand->loop, tell, errand);
}

static void start(void *context)
{
    struct errand *errand = context;
    store_batch_apply(errand->writer->store, &errand->request);
}

void writer_apply(struct writer *writer, struct loop *loop, const struct store_batch *request)
{
    struct errand *errand = arena_zalloc(request->arena, sizeof *errand);
    *errand = (struct errand){
        .writer = writer,
        .loop = loop,
        .request = *request,
        .pack = request->pack,
        .done = request->done,
        .context = request->context,
    };
    errand->request.pack = pack;
    errand->request.done = on_done;
    errand->request.context = errand;
    loop_post(writer->loop, start, errand);
}

struct writer *writer_new(const struct store_settings *settings)
{
    struct writer *writer = heap_zalloc(sizeof *writer);
    writer->loop = loop_new("writer", 0);
    writer->store = store_new(writer->loop, settings);
    return writer;
}

void writer_start(struct writer *writer)
{
    loop_start(writer->loop);
}

void writer_stop(struct writer *writer)
{
    loop_stop(writer->loop);
    loop_join(writer->loop);
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    loop_flush(writer->loop);
    store_free(writer->store);
    loop_free(writer->loop);
    free(writer);
}
