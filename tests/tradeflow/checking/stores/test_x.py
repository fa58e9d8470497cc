from tests.tradeflow.checking.stores.filled_stores import *
import time
def test_mysql(mysql, topics):
    fed(mysql, topics)
    t=time.time()
    f, r = look("mysql", topics)
    print(time.time()-t); print(told(f)); print(json.dumps(r.as_json(),indent=1)[:1800]); print(r.lines()); assert f.holds
def test_redis(redis_server, topics):
    fed(redis_server, topics)
    f, r = look("redis", topics)
    print(told(f)); print(r.as_json()); print(r.lines()); assert f.holds
def test_mongo(trail, topics):
    fed(trail, topics)
    f, r = look("mongodb", topics)
    print(told(f)); print(r.as_json()); print(r.lines()); assert f.holds
