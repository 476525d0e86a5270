//! The segments: how large, what they are like, how they change, who is in them.

use super::chart::dots;
use super::paint::{Painter, cell, piece};
use super::scores::short;
use crate::command::Verb;
use crate::keymap::Context;
use crate::model::{Segment, SegmentKind, SegmentMember};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::segments::Segments;
use crate::ui::sheet::Sheet;
use crate::ui::signs::{label_element, mood_label};
use crate::ui::text::{Row, count, cut, cut_middle, fit_right, width, wrap};
use crate::ui::when;
use ratatui::layout::Rect;

/// From so many columns the segment under the cursor is shown beside the list, not under it.
const WIDE: u16 = 110;
const DAY: f64 = 86_400_000.0;
/// Columns the two charts beside a long name keep.
const CHARTS: usize = 20;
/// Letters by which a segment is known in the scatter.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";

/// Draws the view.
pub(super) fn draw(screen: &Screen, sheet: &Sheet, segments: &Segments, area: Rect, painter: &mut Painter<'_>) {
    let count = segments.shown().count();
    let right = match sheet.loaded {
        false => "loading …".to_owned(),
        true if count == 0 => String::new(),
        true => format!("{}/{count}", segments.row + 1),
    };
    // The kind that is shown stands in brackets: not told by colour alone.
    let kinds: Vec<String> = SegmentKind::ALL
        .iter()
        .map(|kind| if *kind == segments.kind { format!("[{}]", kind.word()) } else { kind.word().to_owned() })
        .collect();
    let title = format!("Segments: {}", kinds.join(" · "));
    let inside = painter.frame(area, &title, &right, Element::BorderFocus, false);
    let Some(segment) = segments.segment() else {
        if sheet.loaded {
            let next = screen.key_name(Context::List, Verb::NextPane);
            painter.text(
                inside,
                1,
                " No such segments yet: they are fitted in the background, at night.",
                Element::Dim,
            );
            painter.text(inside, 2, &format!(" {next} shows those of another kind."), Element::Dim);
        }
        return;
    };
    let rows = inside.height;
    let (list, about) = if inside.width >= WIDE {
        let left = inside.width / 2;
        (Rect { width: left, ..inside }, Rect { x: inside.x + left + 1, width: inside.width - left - 1, ..inside })
    } else {
        let high = (count as u16 + 1).min(rows / 2).max(2);
        (Rect { height: high, ..inside }, Rect { y: inside.y + high, height: rows - high, ..inside })
    };
    draw_list(screen, segments, list, painter);
    draw_one(screen, segments, segment, about, painter);
}

fn letter(index: usize) -> String {
    LETTERS.get(index..=index).unwrap_or("?").to_owned()
}

fn draw_list(screen: &Screen, segments: &Segments, area: Rect, painter: &mut Painter<'_>) {
    let signs = screen.signs();
    let columns = usize::from(area.width);
    let all: u64 = segments.shown().map(|segment| u64::from(segment.size)).sum();
    let largest = segments.shown().map(|segment| segment.size).max().unwrap_or(1).max(1);
    let room = columns.saturating_sub(4 + 7 + 5);
    // Names learned by k-means are long, and differ at their ends: the charts leave them what they need.
    let longest = segments.shown().map(|segment| width(&segment.name)).max().unwrap_or_default();
    let name = (room / 2).clamp(12, 34).max(longest.min(room.saturating_sub(CHARTS)));
    let drift = (room.saturating_sub(name) / 2).min(24);
    let bar = room.saturating_sub(name + drift + 1).min(30);
    let heading = vec![
        cell(Element::Label, "    segment", 4 + name),
        // As of the last fit; how many there are now stands over the customers.
        piece(Element::Label, fit_right("fitted", 7)),
        piece(Element::Label, fit_right("%", 5)),
        piece(Element::Text, " "),
        cell(Element::Label, "", bar),
        cell(Element::Label, if drift < 10 { "" } else { " over time" }, drift),
    ];
    painter.row(area, 0, &heading);
    let height = usize::from(area.height).saturating_sub(1).max(1);
    let top = (segments.row + 1).saturating_sub(height);
    for (offset, (index, segment)) in segments.shown().enumerate().skip(top).take(height).enumerate() {
        let selected = index == segments.row;
        let share = f64::from(segment.size) * 100.0 / all.max(1) as f64;
        let mark = match (selected, segments.inside) {
            (true, false) => "▌",
            (true, true) => "▏",
            (false, _) => " ",
        };
        let sizes: Vec<f32> = segment.sizes.iter().map(|size| *size as f32).collect();
        let row = vec![
            piece(Element::Cursor, mark),
            piece(Element::Key, format!("{} ", letter(index))),
            cell(Element::InboxName, &cut_middle(&segment.name, name), name + 1),
            piece(Element::Text, fit_right(&short(segment.size), 7)),
            piece(Element::Dim, fit_right(&format!("{share:.0}"), 5)),
            piece(Element::Text, " "),
            cell(Element::ScoreLine, &signs.bar(f64::from(segment.size) / f64::from(largest), bar), bar),
            piece(Element::Text, " "),
            piece(Element::ScoreLine, signs.line(&sizes, (f64::MIN, f64::MAX), drift.saturating_sub(1))),
        ];
        painter.row_on(area, offset as u16 + 1, &row, selected.then_some(Element::InboxSelected));
    }
}

/// The segment under the cursor: its traits, its change, its customers, and where they stand.
fn draw_one(screen: &Screen, segments: &Segments, segment: &Segment, area: Rect, painter: &mut Painter<'_>) {
    let columns = usize::from(area.width);
    let mut rows: Vec<Row> = Vec::new();
    let traits = if segment.traits.is_empty() { "no traits are known".to_owned() } else { segment.traits.join(" · ") };
    let head = format!(" {}: ", segment.name);
    let room = columns.saturating_sub(1);
    if width(&head) + width(&traits) < columns {
        rows.push(vec![piece(Element::Strong, head), piece(Element::Text, traits)]);
    } else {
        rows.push(vec![piece(Element::Strong, cut_middle(&head, room))]);
        rows.push(vec![piece(Element::Text, format!(" {}", cut(&traits, room.saturating_sub(1))))]);
    }
    let mut about = change(segment);
    let [days, count, money] = segment.centre;
    about.push_str(&format!(" · in the middle {days:.0} days since the last, {count:.0} of them"));
    if money > 0.0 {
        about.push_str(&format!(", {money:.0} spent"));
    }
    about.push_str(&format!(" · fitted {}", when::short(segment.at, screen.now, &screen.zone)));
    rows.extend(
        wrap(&about, columns.saturating_sub(2))
            .into_iter()
            .take(2)
            .map(|part| vec![piece(Element::Dim, format!(" {part}"))]),
    );
    for (y, row) in rows.iter().enumerate() {
        painter.row(area, y as u16, row);
    }
    let used = rows.len() as u16;
    if area.height < used + 3 {
        return;
    }
    let rest = Rect { y: area.y + used, height: area.height - used, ..area };
    // Side by side where it is low, one above the other where it is high.
    let (chart, list) = if rest.height >= 24 {
        let high = rest.height / 2;
        (Rect { height: high, ..rest }, Rect { y: rest.y + high, height: rest.height - high, ..rest })
    } else {
        let left = rest.width / 2;
        (Rect { x: rest.x + left, width: rest.width - left, ..rest }, Rect { width: left, ..rest })
    };
    draw_scatter(screen, segments, chart, painter);
    draw_members(screen, segments, list, painter);
}

/// How the size changed since the fit before.
fn change(segment: &Segment) -> String {
    let customers = count(segment.size.into(), "customer", "customers");
    match segment.sizes.last().map(|before| i64::from(segment.size) - i64::from(*before)) {
        None => format!("{customers} at the first fit"),
        Some(0) => format!("{customers} at the last fit, as many as before"),
        Some(more) => format!("{customers} at the last fit, {more:+} since the one before"),
    }
}

/// Where customers stand: the more often, the higher; the longer ago, the further right. Both by orders of magnitude, as
/// such numbers are spread.
fn draw_scatter(screen: &Screen, segments: &Segments, area: Rect, painter: &mut Painter<'_>) {
    if area.height < 5 || area.width < 16 {
        return;
    }
    let finite = |number: f64| if number.is_finite() { number.max(0.0).ln_1p() } else { 0.0 };
    let scaled = |days: f64, count: f64| (finite(days), finite(count));
    let centres: Vec<(usize, (f64, f64))> = segments
        .shown()
        .enumerate()
        .map(|(index, segment)| (index, scaled(segment.centre[0], segment.centre[1])))
        .collect();
    let members: Vec<(f64, f64)> = segments
        .members
        .iter()
        .filter_map(|member| member.standing)
        .map(|(last, count)| scaled(screen.now.since(last) as f64 / DAY, f64::from(count)))
        .collect();
    let all = || centres.iter().map(|(_, at)| at).chain(&members);
    let most = |one: fn(&(f64, f64)) -> f64| all().map(one).fold(0.0_f64, f64::max).max(0.1) * 1.05;
    let (wide, high) = (most(|at| at.0), most(|at| at.1));
    let heading = "where they stand: a letter is a segment’s middle, dots are its customers";
    painter.text(area, 0, &format!(" {}", cut(heading, usize::from(area.width) - 2)), Element::Label);
    let field = Rect::new(area.x + 2, area.y + 1, area.width - 3, area.height - 2);
    let place = |(x, y): (f64, f64)| (x / wide, y / high);
    let points: Vec<(f64, f64)> = members.into_iter().map(place).collect();
    dots(painter, field, &points, false, screen.signs().plain);
    for y in field.top()..field.bottom() {
        painter.text(Rect::new(area.x + 1, y, 1, 1), 0, if screen.signs().plain { "|" } else { "│" }, Element::Border);
    }
    let axis = Rect::new(area.x + 1, area.bottom() - 1, area.width - 2, 1);
    let text = "↑ how often · days since the last →";
    let text = if screen.signs().plain { "^ how often, days since the last >" } else { text };
    painter.text(axis, 0, &cut(text, usize::from(axis.width)), Element::Dim);
    for (index, at) in centres {
        let (x, y) = place(at);
        let column = field.x + (x * f64::from(field.width - 1)).round() as u16;
        let row = field.bottom() - 1 - (y * f64::from(field.height - 1)).round() as u16;
        let selected = index == segments.row;
        let name = letter(index);
        // The one under the cursor is a capital.
        let (text, look) = if selected { (name.to_uppercase(), Element::InboxSelected) } else { (name, Element::Key) };
        painter.text(Rect::new(column.min(field.right() - 1), row.max(field.y), 1, 1), 0, &text, look);
    }
}

fn draw_members(screen: &Screen, segments: &Segments, area: Rect, painter: &mut Painter<'_>) {
    let columns = usize::from(area.width);
    let more = if segments.is_whole() { "" } else { "+" };
    let heading = match (segments.members.is_empty(), segments.is_loading()) {
        (true, true) => " customers: loading …".to_owned(),
        (true, false) => " nobody is here now".to_owned(),
        _ => {
            let open = screen.key_name(Context::List, Verb::Open);
            let what = if segments.inside { "opens one" } else { "goes in" };
            let known = segments.members.len();
            let customers = if known == 1 && more.is_empty() { "customer" } else { "customers" };
            format!(" {known}{more} {customers} now; {open} {what}")
        }
    };
    painter.text(area, 0, &cut(&heading, columns), Element::Label);
    let height = usize::from(area.height).saturating_sub(1).max(1);
    let top = (segments.at + 1).saturating_sub(height);
    for (offset, (index, member)) in segments.members.iter().enumerate().skip(top).take(height).enumerate() {
        let selected = segments.inside && index == segments.at;
        let row = member_row(screen, member, columns, selected);
        painter.row_on(area, offset as u16 + 1, &row, selected.then_some(Element::InboxSelected));
    }
}

fn member_row(screen: &Screen, member: &SegmentMember, columns: usize, selected: bool) -> Row {
    let mood = member.mood.filter(|_| screen.moods).map(mood_label);
    let sign = mood.map_or(" ", |label| screen.signs().label(label));
    let room = columns.saturating_sub(1 + 2 + 5 + 1);
    let name = if room < 40 { room } else { room / 2 };
    let mut row = vec![
        piece(Element::Cursor, if selected { "▌" } else { " " }),
        piece(mood.map_or(Element::Dim, label_element), format!("{sign} ")),
        cell(Element::InboxName, &member.name, name),
    ];
    if name < room {
        row.push(cell(Element::Dim, &format!(" {}", member.address), room - name));
    }
    row.push(piece(Element::Dim, fit_right(&when::age(member.last_at, screen.now), 5)));
    row
}
