//! Time limits: of every answer, head and body, and of no watch.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;
use crate::cluster::{
    api::{Api, IN_FLIGHT},
    failure::Failure,
    request::Request,
    watch::{Collection, CollectionEvent},
};

const LIMIT: Duration = Duration::from_millis(200);

/// Answers a list at once, a watch with its head at once and an event much later, and anything
/// else with the beginning of a body alone.
async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let line = String::from_utf8_lossy(&head).into_owned();
        if line.starts_with("GET /silent") || line.starts_with("GET /held?watch=true") {
            continue;
        }
        if line.starts_with("GET /refused?watch=true") {
            stream.write_all(b"HTTP/1.1 403 X\r\nContent-Length: 9\r\n\r\n{}").await?;
        } else if line.starts_with("GET /half") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}").await?;
        } else if line.starts_with("GET /page") {
            stream.write_all(stub::answer(200, "", "<title>Log in</title>").as_bytes()).await?;
        } else if line.contains("watch=true") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
            tokio::time::sleep(LIMIT * 4).await;
            let event = "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"late\"}}}\n";
            stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).await?;
        } else {
            let list =
                "{\"kind\":\"ThingList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}";
            stream.write_all(stub::answer(200, "", list).as_bytes()).await?;
        }
    }
}

async fn api() -> Api {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let cluster = format!("{{server: 'http://{}'}}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    Api::new(Setup::new(&[], &cluster, "null").connect().await.unwrap(), LIMIT)
}

fn collection(path: &str) -> Collection {
    Collection {
        path: path.into(),
        query: String::new(),
        api_version: "v1".into(),
        kind: "Thing".into(),
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_stops_in_the_middle_ends_in_time() {
    let api = api().await;
    for path in ["/silent", "/half"] {
        let asked = Instant::now();
        let Err(Failure::NoAnswer(error)) = api.send(Request::get(path)).await else {
            panic!("{path} has no answer");
        };
        assert_eq!((error.kind.exit_code(), error.code.word()), (7, "timeout"), "{error}");
        assert!(error.message.ends_with("did not answer within 0.2 s"), "{error}");
        assert_eq!(error.hint.as_deref(), Some("a longer `--request-timeout` may help"));
        assert!((LIMIT..LIMIT * 20).contains(&asked.elapsed()), "{:?}", asked.elapsed());
    }
}

#[tokio::test]
async fn a_quiet_watch_outlives_the_limit_of_a_request() {
    let collection = collection("/things");
    let (sender, mut changes) = mpsc::unbounded_channel();
    let api = api().await;
    tokio::spawn(collection.observe(api.clone(), sender));
    assert!(matches!(changes.recv().await, Some(CollectionEvent::Listed(..))));
    let Some(CollectionEvent::Present(late)) = changes.recv().await else {
        panic!("the watch was cut")
    };
    assert_eq!(late["metadata"]["name"], "late");
    assert_eq!(api.connection().requests(), 2, "one list and one watch");
}

#[tokio::test]
async fn a_watch_that_is_silent_gives_way_to_lists() {
    let collection = collection("/things");
    let (sender, mut changes) = mpsc::unbounded_channel();
    tokio::spawn(collection.observe_within(api().await, sender, LIMIT));
    for _ in 0..3 {
        assert!(matches!(changes.recv().await, Some(CollectionEvent::Listed(..))));
    }
}

/// Its objects are asked for one by one instead.
#[tokio::test]
async fn what_is_no_list_is_not_asked_for_for_ever() {
    let (sender, mut changes) = mpsc::unbounded_channel();
    tokio::spawn(collection("/page").observe(api().await, sender));
    let told = tokio::time::timeout(LIMIT * 20, changes.recv()).await;
    assert!(matches!(told, Ok(Some(CollectionEvent::Unobservable(..)))), "{told:?}");
}

/// What the refusal says may never come: its code is enough.
#[tokio::test]
async fn a_watch_that_is_refused_in_half_a_sentence_is_given_up() {
    let (sender, mut changes) = mpsc::unbounded_channel();
    tokio::spawn(collection("/refused").observe(api().await, sender));
    assert!(matches!(changes.recv().await, Some(CollectionEvent::Listed(..))));
    let told = tokio::time::timeout(LIMIT * 20, changes.recv()).await;
    assert!(
        matches!(&told, Ok(Some(CollectionEvent::Unobservable(_, failure))) if failure.code() == 403),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_watch_that_is_held_back_gives_way_to_lists() {
    let collection = collection("/held");
    let (sender, mut changes) = mpsc::unbounded_channel();
    tokio::spawn(collection.observe(api().await, sender));
    for _ in 0..3 {
        assert!(matches!(changes.recv().await, Some(CollectionEvent::Listed(..))));
    }
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_is_promised() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let cluster = format!("{{server: 'http://{}'}}", listener.local_addr().unwrap());
    let counts = (now, Arc::clone(&most));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (now, most) = counts.clone();
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                while stream.read(&mut bytes).await? > 0 {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    stream.write_all(stub::answer(200, "", "{}").as_bytes()).await?;
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });
    let api = Api::new(Setup::new(&[], &cluster, "null").connect().await.unwrap(), LIMIT * 50);
    let many = (0..IN_FLIGHT * 4).map(|_| api.send(Request::get("/api")));
    assert!(futures::future::try_join_all(many).await.is_ok());
    let most = most.load(Ordering::SeqCst);
    assert!((2..=IN_FLIGHT).contains(&most), "{most}");
}
