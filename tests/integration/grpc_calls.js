// Calls every method by @grpc/grpc-js with the contract's own .proto files, and prints one JSON object of what came back.
// usage: node grpc_calls.js HOST:PORT PROTO_FOLDER REVISION IMPLEMENTED,...
"use strict";
const fs = require("fs");
const path = require("path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [target, folder, revisionText, implementedText] = process.argv.slice(2);
const revision = Number(revisionText);
const implemented = implementedText.split(",");
const sender = "sample/es-tecnica-levante";
const mig = "urn:partner:outcome:operate-mig-welding-equipment";
const slow = Number(process.env.PARTNER_SLOW || 1);
const farAhead = 1e15;

const files = fs.readdirSync(path.join(folder, "partner", "v1")).map((name) => path.join("partner", "v1", name));
const contract = grpc.loadPackageDefinition(loader.loadSync([...files, path.join("google", "rpc", "error_details.proto"), path.join("google", "rpc", "status.proto")],
    { includeDirs: [folder, "/usr/include"], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true }));
const services = contract.partner.v1;
const clients = {};
for (const [name, service] of Object.entries(services))
    if (name.endsWith("Service")) clients[name] = new service(target, grpc.credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });

const deadline = (ms) => ({ deadline: Date.now() + ms * slow });
const codeName = (error) => (error ? grpc.status[error.code] || String(error.code) : "OK");

// Of a unary method: { code, answer, details, metadata }.
function call(service, method, request, options = deadline(10000), metadata = new grpc.Metadata()) {
    return new Promise((resolve) => clients[service][method](request, metadata, options, (error, answer) =>
        resolve({ code: codeName(error), answer, details: error && error.details, metadata: error && error.metadata })));
}

// Of a method of any kind, with an empty request.
function callEmpty(service, method, definition) {
    return new Promise((resolve) => {
        const done = (error) => resolve(codeName(error));
        const client = clients[service];
        if (definition.requestStream) {
            const stream = client[method](new grpc.Metadata(), deadline(10000), done);
            stream.on("error", () => {});
            stream.end();
        } else if (definition.responseStream) {
            const stream = client[method]({}, new grpc.Metadata(), deadline(10000));
            stream.on("error", done);
            stream.on("data", () => {});
            stream.on("end", () => done(null));
        } else {
            client[method]({}, new grpc.Metadata(), deadline(10000), done);
        }
    });
}

function loadConcepts(messages) {
    return new Promise((resolve) => {
        const stream = clients.VocabularyService.LoadConcepts(new grpc.Metadata(), deadline(20000),
            (error, answer) => resolve({ code: codeName(error), answer, details: error && error.details }));
        messages.forEach((message) => stream.write(message));
        stream.end();
    });
}

function cancelled() {
    return new Promise((resolve) => {
        const under = clients.RegistryService.ListRegistries({ min_revision: farAhead }, new grpc.Metadata(), deadline(60000),
            (error) => resolve(codeName(error)));
        setImmediate(() => under.cancel());
    });
}

// Bytes as the request of a method, as they are.
function callRaw(methodPath, bytes) {
    return new Promise((resolve) => clients.MatchService.makeUnaryRequest(methodPath, (raw) => raw, (raw) => raw, bytes, new grpc.Metadata(),
        deadline(10000), (error) => resolve(codeName(error))));
}

function organisations(registry, count, text) {
    return Array.from({ length: count }, (_, i) => ({ upsert: { organisation: {
        id: `${registry}/n${i}`, name: `Node ${i}`, roles: ["ROLE_HOSTING"], country: "PT",
        other_names: Array.from({ length: text ? 8 : 0 }, (_x, k) => ({ language: "en", value: `${k} ${text}` })) } } }));
}

async function main() {
    const out = { methods: {} };
    const read = { min_revision: revision };
    out.getOrganisation = await call("RegistryService", "GetOrganisation", { id: sender, ...read });
    out.listOrganisations = await call("RegistryService", "ListOrganisations", { page_size: 3, query: "levante" });
    out.listRegistries = await call("RegistryService", "ListRegistries", {});
    out.createRegistry = await call("AdminService", "CreateRegistry", { id: "node", title: "Node" });
    out.createAgain = await call("AdminService", "CreateRegistry", { id: "node", title: "Node" });
    out.apply = await call("RegistryService", "Apply", { registry: "node", changes: organisations("node", 3) });
    out.findHosts = await call("MatchService", "FindHosts", { need_id: "sample/need-001", page_size: 5 });
    out.explainMatch = await call("MatchService", "ExplainMatch", { need_id: "sample/need-001", organisation_id: "sample/de-metallbau-kupferhain" });
    out.searchConcepts = await call("VocabularyService", "SearchConcepts", { scheme: "SCHEME_SECTOR", query: "nursing" });
    out.getConcept = await call("VocabularyService", "GetConcept", { scheme: "SCHEME_OUTCOME", code: mig });
    out.loadConcepts = await loadConcepts([{ options: { vocabulary: "Node 1", scheme: "SCHEME_OCCUPATION" } },
        { concept: { code: "urn:node:1", label: "event emitter" } }]);
    out.getStatus = await call("AdminService", "GetStatus", {});

    for (const [service, client] of Object.entries(clients))
        for (const definition of Object.values(services[service].service)) {
            const method = definition.path.split("/")[2];
            if (!implemented.includes(method)) out.methods[method] = await callEmpty(service, method, definition);
        }
    out.unknownMethod = await callRaw("/partner.v1.MatchService/FindNobody", Buffer.alloc(0));
    out.unknownService = await callRaw("/partner.v1.NoService/FindHosts", Buffer.alloc(0));
    out.broken = await callRaw("/partner.v1.MatchService/FindHosts", Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]));

    const many = await Promise.all(Array.from({ length: 1000 }, (_, i) => (i % 2
        ? call("MatchService", "FindHosts", { need_id: `sample/need-${String((i % 250) + 1).padStart(3, "0")}`, page_size: 2 }, deadline(60000))
        : call("RegistryService", "GetOrganisation", { id: sender }, deadline(60000)))));
    out.many = many.filter((one) => one.code === "OK").length;

    out.deadline = (await call("RegistryService", "ListRegistries", { min_revision: farAhead }, { deadline: Date.now() + 200 })).code;
    out.cancelled = await cancelled();
    out.afterCancel = (await call("AdminService", "GetStatus", {})).code;

    const large = { registry: "node", changes: organisations("node", 1150, "x".repeat(480)) };
    out.large = await call("RegistryService", "Apply", large, deadline(60000));
    out.tooLarge = (await callRaw("/partner.v1.RegistryService/Apply", Buffer.alloc((16 << 20) + 1, 0))) ;
    out.tooLong = (await call("MatchService", "FindHosts", { need: { title: "x".repeat(70000) } })).code;

    const gzip = new services.MatchService(target, grpc.credentials.createInsecure(), { "grpc.enable_http_proxy": 0, "grpc.default_compression_algorithm": 2 });
    out.gzip = await new Promise((resolve) => gzip.FindHosts({ need_id: "sample/need-001" }, deadline(10000), (error) => resolve(codeName(error))));
    out.metadata = (await call("AdminService", "GetStatus", {}, deadline(10000), grpc.Metadata.fromHttp2Headers({ "x-large": "y".repeat(20000) }))).code;

    const bad = await call("MatchService", "FindHosts", { need: { countries: ["XX"], sectors: ["1"] } });
    out.bad = { code: bad.code, details: bad.details, status: bad.metadata && bad.metadata.get("grpc-status-details-bin").map((bytes) => bytes.toString("base64")) };
    for (const one of Object.values(out)) if (one && one.metadata) delete one.metadata;
    process.stdout.write(JSON.stringify(out));
    Object.values(clients).forEach((client) => client.close());
    gzip.close();
}

main().catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
});
