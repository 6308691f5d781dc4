import { schemas, type Value } from '../../../../src/contract/index.ts';
import { isoDate } from '../../../debezium/values/iso-format.ts';
import { logical } from '../../../debezium/values/logical-schema.ts';
import { unreadable } from '../../../debezium/values/unreadable.ts';
import { columnTypes } from '../../binlog/event-types.ts';
import type { ValueOptions } from '../value-options.ts';
import { forTypes, type ValueType } from '../value-type.ts';
import { civilDays, scanDate, scanned } from './civil.ts';

/** How a day is shown, and its schema. */
function shownDays(mode: ValueOptions['timePrecisionMode'], placeholder: string) {
  if (mode === 'isostring')
    return {
      schema: logical('string', 'io.debezium.time.IsoDate'),
      show: (days: number): Value => `${isoDate(days)}Z`,
      fallback: '1970-01-01Z',
      unavailable: placeholder,
    };
  const name = mode === 'connect' ? schemas.connectDate : 'io.debezium.time.Date';
  return { schema: logical('int32', name), show: (days: number): Value => days, fallback: 0, unavailable: 0 };
}

/** DATE. One with a zero in it is no day: NULL. */
export function dateType(options: ValueOptions, placeholder: string): ValueType {
  const { schema, show, fallback, unavailable } = shownDays(options.timePrecisionMode, placeholder);
  const adjust = options.enableTimeAdjuster;
  return {
    schema,
    binlog: forTypes([columnTypes.DATE, columnTypes.NEWDATE], cursor => {
      const value = cursor.uint24();
      const [year, month, day] = [value >> 9, (value >> 5) & 15, value & 31];
      return year === 0 || month === 0 || day === 0 ? null : show(civilDays(year, month, day, adjust));
    }),
    text: (bytes, start, end) => {
      if (scanDate(bytes, start, end) !== end) throw unreadable('date');
      const { year, month, day } = scanned;
      return month === 0 || day === 0 ? null : show(civilDays(year, month, day, adjust));
    },
    fallback,
    unavailable,
    unavailableAsNull: options.timePrecisionMode !== 'isostring',
    givesNull: true,
  };
}
