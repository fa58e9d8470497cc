/* Encoders and decoders in C, made for one record each from a plan (see schemas/native.py).
 *
 * The same as schemas/compiled.py, which runs where there is no C compiler: the common values of
 * the exact built-in types are done here; whatever is out of the ordinary, and whatever is wrong,
 * is left to schemas/careful.py, by a call with the whole record or all of the bytes.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum kind { LONG, INT, STRING, BYTES, BOOLEAN, ENUM, ARRAY, RECORD };

static const char *const KIND_NAMES[] = {"long",    "int",  "string", "bytes",
                                         "boolean", "enum", "array",  "record"};

typedef struct node {
    enum kind kind;
    Py_ssize_t count;      /* of children */
    struct node *children; /* of an array its items, of a record its fields */
    PyObject **names;      /* of a record's fields; NULL for one that the reader does not want */
    PyObject *symbols;     /* of an enum: symbol -> number to encode, tuple of symbols to decode */
    PyObject *blank;       /* of a record: all keys in the reader's order, with its defaults */
} node;

/* --- plans -----------------------------------------------------------------------------------*/

static void clear_node(node *self) {
    for (Py_ssize_t i = 0; i < self->count; i++) {
        if (self->children != NULL)
            clear_node(&self->children[i]);
        if (self->names != NULL)
            Py_XDECREF(self->names[i]);
    }
    PyMem_Free(self->children);
    PyMem_Free(self->names);
    Py_XDECREF(self->symbols);
    Py_XDECREF(self->blank);
    memset(self, 0, sizeof(*self));
}

static int read_plan(PyObject *plan, node *self);

static int wrong_plan(const char *what) {
    PyErr_Format(PyExc_ValueError, "a plan's %s", what);
    return -1;
}

static int read_children(PyObject *fields, node *self) {
    if (fields == NULL || !PyTuple_Check(fields))
        return wrong_plan("fields are no tuple");
    Py_ssize_t count = PyTuple_GET_SIZE(fields);
    if (self->kind == ARRAY && count != 1)
        return wrong_plan("array has other than one kind of items");
    self->children = PyMem_Calloc(count ? count : 1, sizeof(node));
    self->names = PyMem_Calloc(count ? count : 1, sizeof(PyObject *));
    if (self->children == NULL || self->names == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    self->count = count;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *name, *plan;
        if (!PyTuple_Check(PyTuple_GET_ITEM(fields, i)))
            return wrong_plan("field is no tuple");
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(fields, i), "OO", &name, &plan))
            return -1;
        if (self->kind == RECORD && name != Py_None) {
            if (!PyUnicode_CheckExact(name))
                return wrong_plan("field has a name that is no text");
            Py_INCREF(name);
            PyUnicode_InternInPlace(&name);
            self->names[i] = name;
        }
        if (read_plan(plan, &self->children[i]) < 0)
            return -1;
    }
    return 0;
}

/* A plan is a tuple: the kind's name, and for an enum its symbols, for an array ((None, items),),
 * for a record its fields as (name, plan) and the blank dictionary. */
static int read_plan(PyObject *plan, node *self) {
    const char *name;
    PyObject *more = NULL, *blank = NULL;
    if (!PyTuple_Check(plan))
        return wrong_plan("part is no tuple");
    if (!PyArg_ParseTuple(plan, "s|OO", &name, &more, &blank))
        return -1;
    for (int kind = LONG; kind <= RECORD; kind++) {
        if (strcmp(name, KIND_NAMES[kind]) != 0)
            continue;
        self->kind = kind;
        if (kind == ENUM && (more == NULL || !(PyDict_Check(more) || PyTuple_Check(more))))
            return wrong_plan("symbols are neither dict nor tuple");
        if (kind == RECORD && blank != NULL && !PyDict_CheckExact(blank))
            return wrong_plan("blank record is no dict");
        if (kind == ENUM)
            self->symbols = Py_NewRef(more);
        if (kind == RECORD)
            self->blank = Py_XNewRef(blank);
        return kind >= ARRAY ? read_children(more, self) : 0;
    }
    PyErr_Format(PyExc_ValueError, "no such kind: %s", name);
    return -1;
}

/* --- encoding --------------------------------------------------------------------------------*/

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    node plan;
    PyObject *careful;
    char *data; /* kept from call to call; the first bytes are the header */
    Py_ssize_t header, used, room;
    int is_busy; /* a key's __eq__ may run Python code, and that may come here again */
} encoder;

enum { KEPT = 1 << 16 }; /* bytes of room that a call leaves to the next */

static int make_room(encoder *self, Py_ssize_t more) {
    if (self->used + more <= self->room)
        return 1;
    Py_ssize_t room = 2 * (self->used + more);
    char *data = PyMem_Realloc(self->data, room);
    if (data == NULL)
        return 0;
    self->data = data;
    self->room = room;
    return 1;
}

static int put_long(encoder *self, int64_t number) {
    if (!make_room(self, 10))
        return 0;
    uint64_t left = ((uint64_t)number << 1) ^ (uint64_t)(number >> 63);
    unsigned char *at = (unsigned char *)self->data + self->used;
    unsigned char *start = at;
    while (left > 127) {
        *at++ = (unsigned char)(left | 128);
        left >>= 7;
    }
    *at++ = (unsigned char)left;
    self->used += at - start;
    return 1;
}

static int put_bytes(encoder *self, const char *data, Py_ssize_t size) {
    if (!put_long(self, size) || !make_room(self, size))
        return 0;
    memcpy(self->data + self->used, data, size);
    self->used += size;
    return 1;
}

static int put_number(encoder *self, PyObject *value, int is_int) {
    if (!PyLong_CheckExact(value))
        return 0;
    int overflow;
    int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow || (is_int && (number < INT32_MIN || number > INT32_MAX)))
        return 0;
    return put_long(self, number);
}

static int put_text(encoder *self, PyObject *value) {
    if (!PyUnicode_CheckExact(value))
        return 0;
    Py_ssize_t size;
    const char *data = PyUnicode_AsUTF8AndSize(value, &size);
    return data != NULL && put_bytes(self, data, size);
}

static int put(encoder *self, const node *plan, PyObject *value);

static int put_array(encoder *self, const node *plan, PyObject *value) {
    if (!PyList_CheckExact(value))
        return 0;
    Py_ssize_t size = PyList_GET_SIZE(value);
    if (size && !put_long(self, size))
        return 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        if (i >= PyList_GET_SIZE(value))
            return 0;
        PyObject *item = Py_NewRef(PyList_GET_ITEM(value, i));
        int is_done = put(self, &plan->children[0], item);
        Py_DECREF(item);
        if (!is_done)
            return 0;
    }
    return PyList_GET_SIZE(value) == size && put_long(self, 0);
}

static int put_dict(encoder *self, const node *plan, PyObject *value) {
    if (!PyDict_CheckExact(value))
        return 0;
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        PyObject *field = plan->names[i] ? PyDict_GetItemWithError(value, plan->names[i]) : NULL;
        if (field == NULL)
            return 0;
        Py_INCREF(field);
        int is_done = put(self, &plan->children[i], field);
        Py_DECREF(field);
        if (!is_done)
            return 0;
    }
    return 1;
}

/* A record's fields alone, in the schema's order. */
static int put_tuple(encoder *self, const node *plan, PyObject *value) {
    if (PyTuple_GET_SIZE(value) != plan->count)
        return 0;
    for (Py_ssize_t i = 0; i < plan->count; i++)
        if (!put(self, &plan->children[i], PyTuple_GET_ITEM(value, i)))
            return 0;
    return 1;
}

/* Writes one value; 0 where it is one for the careful way (an exception may be set then). */
static int put(encoder *self, const node *plan, PyObject *value) {
    switch (plan->kind) {
    case LONG:
        return put_number(self, value, 0);
    case INT:
        return put_number(self, value, 1);
    case STRING:
        return put_text(self, value);
    case BYTES:
        return PyBytes_CheckExact(value) &&
               put_bytes(self, PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value));
    case BOOLEAN:
        if (!PyBool_Check(value) || !make_room(self, 1))
            return 0;
        self->data[self->used++] = value == Py_True;
        return 1;
    case ENUM: {
        PyObject *number = PyUnicode_CheckExact(value) && PyDict_Check(plan->symbols)
                               ? PyDict_GetItemWithError(plan->symbols, value)
                               : NULL;
        return number != NULL && put_number(self, number, 1);
    }
    case ARRAY:
        return put_array(self, plan, value);
    case RECORD:
        return PyTuple_CheckExact(value) ? put_tuple(self, plan, value)
                                         : put_dict(self, plan, value);
    }
    Py_UNREACHABLE();
}

static PyObject *only_argument(PyObject *const *arguments, size_t flags, PyObject *names) {
    if (PyVectorcall_NARGS(flags) == 1 && (names == NULL || PyTuple_GET_SIZE(names) == 0))
        return arguments[0];
    PyErr_SetString(PyExc_TypeError, "takes exactly one argument");
    return NULL;
}

static PyObject *encode(PyObject *object, PyObject *const *arguments, size_t flags,
                        PyObject *names) {
    encoder *self = (encoder *)object;
    PyObject *record = only_argument(arguments, flags, names);
    if (record == NULL)
        return NULL;
    PyObject *bytes = NULL;
    if (!self->is_busy) {
        self->is_busy = 1;
        self->used = self->header;
        if (put(self, &self->plan, record))
            bytes = PyBytes_FromStringAndSize(self->data, self->used);
        if (self->room > KEPT) {
            char *data = PyMem_Realloc(self->data, KEPT);
            self->room = data == NULL ? self->room : KEPT;
            self->data = data == NULL ? self->data : data;
        }
        self->is_busy = 0;
    }
    if (bytes != NULL)
        return bytes;
    PyErr_Clear();
    return PyObject_CallOneArg(self->careful, record);
}

static PyObject *new_encoder(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    PyObject *plan, *careful;
    const char *header;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(arguments, "Oy#O", &plan, &header, &size, &careful))
        return NULL;
    encoder *self = (encoder *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->call = encode;
    self->careful = Py_NewRef(careful);
    if (!make_room(self, size + 256)) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    memcpy(self->data, header, size);
    self->header = size;
    if (read_plan(plan, &self->plan) < 0)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void free_encoder(PyObject *object) {
    encoder *self = (encoder *)object;
    clear_node(&self->plan);
    Py_XDECREF(self->careful);
    PyMem_Free(self->data);
    Py_TYPE(object)->tp_free(object);
}

/* --- decoding --------------------------------------------------------------------------------*/

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    node plan;
    PyObject *name, *careful;
    Py_ssize_t header;
} decoder;

typedef struct {
    const unsigned char *at, *end;
} cursor;

static int get_long(cursor *data, int64_t *number) {
    uint64_t zigzag = 0;
    for (int shift = 0; shift < 70 && data->at < data->end; shift += 7) {
        uint64_t byte = *data->at++;
        if (shift == 63 && byte > 1)
            return 0;
        zigzag |= (byte & 127) << shift;
        if (byte < 128) {
            *number = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
            return 1;
        }
    }
    return 0;
}

static const char *get_bytes(cursor *data, int64_t *size) {
    if (!get_long(data, size) || *size < 0 || *size > data->end - data->at)
        return NULL;
    const char *found = (const char *)data->at;
    data->at += *size;
    return found;
}

static PyObject *get(cursor *data, const node *plan);

static PyObject *get_array(cursor *data, const node *plan) {
    PyObject *list = PyList_New(0);
    int64_t count = 0;
    while (list != NULL && get_long(data, &count) && count >= 0 && count <= data->end - data->at) {
        if (count == 0)
            return list;
        for (; count > 0; count--) {
            PyObject *item = get(data, &plan->children[0]);
            if (item == NULL || PyList_Append(list, item) < 0) {
                Py_XDECREF(item);
                Py_CLEAR(list);
                break;
            }
            Py_DECREF(item);
        }
    }
    Py_XDECREF(list);
    return NULL;
}

static PyObject *get_record(cursor *data, const node *plan) {
    PyObject *record = plan->blank == NULL ? NULL : PyDict_Copy(plan->blank);
    if (record == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        PyObject *value = get(data, &plan->children[i]);
        if (value == NULL ||
            (plan->names[i] != NULL && PyDict_SetItem(record, plan->names[i], value) < 0)) {
            Py_XDECREF(value);
            Py_DECREF(record);
            return NULL;
        }
        Py_DECREF(value);
    }
    return record;
}

/* Reads one value; NULL where it is one for the careful way (an exception may be set then). */
static PyObject *get(cursor *data, const node *plan) {
    int64_t number;
    const char *found;
    switch (plan->kind) {
    case LONG:
        return get_long(data, &number) ? PyLong_FromLongLong(number) : NULL;
    case INT:
        return get_long(data, &number) && number >= INT32_MIN && number <= INT32_MAX
                   ? PyLong_FromLongLong(number)
                   : NULL;
    case STRING:
        found = get_bytes(data, &number);
        return found == NULL ? NULL : PyUnicode_DecodeUTF8(found, number, NULL);
    case BYTES:
        found = get_bytes(data, &number);
        return found == NULL ? NULL : PyBytes_FromStringAndSize(found, number);
    case BOOLEAN:
        if (data->at == data->end || *data->at > 1)
            return NULL;
        return PyBool_FromLong(*data->at++);
    case ENUM:
        if (!PyTuple_Check(plan->symbols) || !get_long(data, &number) || number < 0 ||
            number >= PyTuple_GET_SIZE(plan->symbols))
            return NULL;
        return Py_NewRef(PyTuple_GET_ITEM(plan->symbols, number));
    case ARRAY:
        return get_array(data, plan);
    case RECORD:
        return get_record(data, plan);
    }
    Py_UNREACHABLE();
}

static PyObject *decode(PyObject *object, PyObject *const *arguments, size_t flags,
                        PyObject *names) {
    decoder *self = (decoder *)object;
    PyObject *bytes = only_argument(arguments, flags, names);
    if (bytes == NULL)
        return NULL;
    if (PyBytes_CheckExact(bytes) && PyBytes_GET_SIZE(bytes) >= self->header) {
        const unsigned char *start = (const unsigned char *)PyBytes_AS_STRING(bytes);
        cursor data = {start + self->header, start + PyBytes_GET_SIZE(bytes)};
        PyObject *record = get(&data, &self->plan);
        if (record != NULL && data.at == data.end) {
            PyObject *both = PyTuple_Pack(2, self->name, record);
            Py_DECREF(record);
            return both;
        }
        Py_XDECREF(record);
        PyErr_Clear();
    }
    return PyObject_CallOneArg(self->careful, bytes);
}

static PyObject *new_decoder(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    PyObject *plan, *name, *careful;
    Py_ssize_t header;
    if (!PyArg_ParseTuple(arguments, "OUnO", &plan, &name, &header, &careful))
        return NULL;
    if (header < 0) {
        PyErr_SetString(PyExc_ValueError, "a header of less than no bytes");
        return NULL;
    }
    decoder *self = (decoder *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->call = decode;
    self->name = Py_NewRef(name);
    self->careful = Py_NewRef(careful);
    self->header = header;
    if (read_plan(plan, &self->plan) < 0)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void free_decoder(PyObject *object) {
    decoder *self = (decoder *)object;
    clear_node(&self->plan);
    Py_XDECREF(self->name);
    Py_XDECREF(self->careful);
    Py_TYPE(object)->tp_free(object);
}

/* --- the module ------------------------------------------------------------------------------*/

static PyTypeObject encoder_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "schemas.native_codec.Encoder",
    .tp_doc = "Encoder(plan, header, careful): a record to header and body.",
    .tp_basicsize = sizeof(encoder),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(encoder, call),
    .tp_call = PyVectorcall_Call,
    .tp_new = new_encoder,
    .tp_dealloc = free_encoder,
};

static PyTypeObject decoder_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "schemas.native_codec.Decoder",
    .tp_doc = "Decoder(plan, name, header size, careful): header and body to (name, record).",
    .tp_basicsize = sizeof(decoder),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(decoder, call),
    .tp_call = PyVectorcall_Call,
    .tp_new = new_decoder,
    .tp_dealloc = free_decoder,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "schemas.native_codec",
    .m_doc = "The codec in C: see native_codec.c.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit_native_codec(void) {
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL)
        return NULL;
    if (PyModule_AddType(module, &encoder_type) < 0 || PyModule_AddType(module, &decoder_type) < 0)
        Py_CLEAR(module);
    return module;
}
