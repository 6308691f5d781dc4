import { embeddedLogUnderTest } from '../../embedded-log-under-test.ts';
import { sagaStatements } from './saga-statements.ts';

sagaStatements('embedded', embeddedLogUnderTest);
